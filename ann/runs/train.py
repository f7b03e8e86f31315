"""One training run, from config to folder."""

import contextlib
import dataclasses
import json
import sys

import keras
import numpy as np
import pandas as pd

from ann import data, evaluation, training
from ann.atomic_write import atomic_path
from ann.runs import build
from ann.runs.config import RunConfig
from ann.runs.environment import record
from ann.runs.errors import RunError
from ann.runs.folder import RunFolder
from ann.runs.progress import progress_callback
from ann.runs.signals import stop_on_signals


def train(
    config: RunConfig,
    run_dir,
    *,
    resume: bool | None = False,
    verbose="auto",
    callbacks=(),
    build_model=build.model,
) -> pd.DataFrame:
    """Trains, evaluates and writes everything a run leaves into `run_dir` (see `RunFolder`).

    Data, model and names are checked before the folder is touched. A run that was interrupted goes
    on with `resume` at the step of its newest checkpoint, with the batches, learning rates,
    weighting state and logs it would have had; a finished one is evaluated again.

    SIGTERM and SIGINT (Ctrl+C) save at the next step and raise `Stopped`; a second one
    ends the process at once.

    Args:
        config: what to run.
        run_dir: folder of the run.
        resume: False: a new run; True: the folder must hold this very run; None: start, or go on if
            there is something to go on with.
        verbose: 0, nothing; 1, a progress bar; 2, a line for each epoch; "auto", a progress bar on
            a terminal, else lines.
        callbacks: further Keras callbacks. What they remember themselves is not saved.
        build_model: makes the network from the config, the number of classes and the shape of an
            image.

    Returns:
        The anytime curve (`evaluation.anytime_curve`).

    Raises:
        ValueError, FileNotFoundError: config or data cannot be used.
        RunFolderError: the folder belongs to something else, or another process trains in it.
        FloatingPointError: a loss is not finite.
        RunError: the data ended early, or an operation failed, such as decoding a broken image.
        OSError: a file cannot be written.
        Stopped: a signal came; everything is saved.
    """
    with stop_on_signals() as stop:
        return _train(config, run_dir, resume, verbose, callbacks, build_model, stop)


def train_once(config: RunConfig, run_dir, *, verbose="auto") -> RunFolder:
    """Trains unless the folder holds this run, finished; goes on with one that was interrupted.

    Arguments and errors as `train`.
    """
    folder = RunFolder(run_dir)
    if folder.curve.exists():
        folder.check(config)
    else:
        keras.utils.clear_session()
        train(config, run_dir, resume=None, verbose=verbose)
    return folder


def _train(config, run_dir, resume, verbose, callbacks, build_model, stop):
    folder = RunFolder(run_dir)
    keras.utils.set_random_seed(config.training.seed)
    keras.config.set_dtype_policy(config.runtime.precision)
    dataset = build.dataset(config)
    steps_per_epoch = len(dataset.train) // config.data.batch_size
    if not steps_per_epoch:
        raise ValueError(
            f"{dataset.name} has {len(dataset.train)} training images. "
            f"Received: batch_size={config.data.batch_size}"
        )
    _check_labels(dataset)
    augmentation = build.augmentation(config, dataset)
    midfeat = config.training.training_mode == "midfeat"
    with training.strategy(config.runtime.strategy, config.data.batch_size).scope():
        model = build_model(config, dataset.num_classes, dataset.image_shape)
        model.compile(
            optimizer=build.optimizer(config, steps_per_epoch),
            weighting=build.weighting(config, steps_per_epoch),
            sampler=build.sampler(config, steps_per_epoch),
            targets=build.targets(config),
            training_mode="heads" if midfeat else config.training.training_mode,
        )
    _check_best(config.runtime.best, model)
    with folder.open(config, resume=resume, data=data.fingerprint(dataset)):
        if midfeat:
            _take_features(model, config, folder, verbose, build_model)
        with _named_failures():
            images = (dataset, augmentation)
            _fit(model, images, config, folder, steps_per_epoch, verbose, callbacks, stop)
            with training.averaged_weights(model):
                return _finish(model, dataset, config, folder)


def _check_labels(dataset):
    """Labels outside the classes would be NaN, or an error deep inside of TensorFlow."""
    for name, split in (("training", dataset.train), ("evaluation", dataset.test)):
        labels = getattr(split, "labels", np.zeros(0))  # records are read as they are needed
        wrong = labels[(labels < 0) | (labels >= dataset.num_classes)]
        if len(wrong):
            raise ValueError(
                f"labels of {dataset.name} must be in 0..{dataset.num_classes - 1}. "
                f"Received: {len(wrong)} {name} labels outside, the first is {wrong[0]}"
            )


def _check_best(best, model):
    exits = [f"{name}_{what}" for name in model.exit_names for what in ("loss", "error")]
    allowed = ["loss", "average_error", "final_error", *exits]
    if best.removeprefix("val_") not in allowed:
        raise ValueError(
            f"best must be one of {allowed}, or one of these after val_. Received: {best=}"
        )


def _take_features(model, config, folder, verbose, build_model):
    """Trains the network for its final exit alone, as a run of its own inside the folder, and gives
    `model` its weights.
    """
    first = dataclasses.replace(
        config,
        weighting=dataclasses.replace(config.weighting, weighting="opt", opt_at=-1, sampler=None),
        training=dataclasses.replace(config.training, training_mode="joint"),
        runtime=dataclasses.replace(config.runtime, best="val_final_error"),
    )
    if not RunFolder(folder.final_exit).curve.exists():
        train(first, folder.final_exit, resume=None, verbose=verbose, build_model=build_model)
    whole = keras.saving.load_model(RunFolder(folder.final_exit).model, compile=False)
    model.set_feature_weights(whole.up_to(model.num_exits - 1))


@contextlib.contextmanager
def _named_failures():
    """Turns what a TensorFlow operation raises in a run into one sentence."""
    import tensorflow as tf

    try:
        yield
    except tf.errors.OpError as error:
        raise RunError(_first_sentence(error)) from error


def _first_sentence(error) -> str:
    """What went wrong inside a TensorFlow operation, without the operation's own trace."""
    lines = [line.strip() for line in error.message.splitlines() if line.strip()]
    ours = [line for line in lines if "is not an image that can be decoded" in line]
    return (ours or lines or [type(error).__name__])[0].removeprefix("ValueError: ")


def _fit(model, images, config, folder, steps_per_epoch, verbose, callbacks, stop):
    dataset, augmentation = images
    runtime, epochs = config.runtime, config.training.epochs
    checkpoints = training.Checkpoints(folder.checkpoints, keep=runtime.keep_checkpoints)
    checkpoints.remove_leftovers()
    position = checkpoints.restore(model)
    folder.check_log(position and position.epoch)
    position = position or training.Position(steps_per_epoch)
    if position.epoch < epochs or not folder.environment.exists():
        record(folder.environment, position.steps_done)
    first_epoch, first_step = position.next_batch
    batches = data.training_batches(
        dataset,
        config.data.batch_size,
        seed=config.training.seed,
        first_epoch=first_epoch,
        first_step=first_step,
        epochs=epochs,
        augmented=config.data.augment,
        augmentation=augmentation,
    )
    loop = training.TrainingLoop(
        model,
        position,
        checkpoints,
        save_every=runtime.checkpoint_every_steps,
        best=runtime.best,
        should_stop=stop.requested,
    )
    if verbose == "auto":
        verbose = 1 if sys.stdout.isatty() else 2
    with stop.at_next_step():
        loop.run(
            batches,
            data.evaluation_batches(dataset),
            epochs=epochs,
            batch_size=config.data.batch_size,
            evaluate_every=runtime.evaluate_every,
            verbose=verbose,
            callbacks=[
                training.EvaluateAverage(),
                training.RaiseOnNaN(),
                training.ExitWeightLog(),
                training.EpochLog(folder.epochs),
                training.EpochCharts(folder.tensorboard, folder.epochs),
                *progress_callback(verbose, epochs),
                *callbacks,
            ],
        )


def _finish(model, dataset, config, folder):
    """Writes model, figures and report; the curve at the end, as a sign that all is there."""
    with atomic_path(folder.model) as temporary:
        model.save(temporary)
    curve = evaluation.anytime_curve(model, data.evaluation_batches(dataset))
    title = f"{config.model.model} on {config.data.dataset}, {config.weighting.weighting}"
    evaluation.plot_curves({config.weighting.weighting: curve}, folder.figure, title=title)
    log = pd.read_csv(folder.epochs)
    evaluation.plot_weights_over_training(
        log, folder.weights_figure, title=f"{title}: loss weights"
    )
    if config.weighting.sampler:
        evaluation.plot_probabilities_over_training(
            log, folder.sampling_figure, title=f"{title}, {config.weighting.sampler}"
        )
    details = {
        "config": config.to_dict(),
        "environment": json.loads(folder.environment.read_text()),
    }
    evaluation.write_report(
        {config.weighting.weighting: curve},
        folder.figure,
        folder.report,
        title=title,
        details=json.dumps(details, indent=2),
    )
    with atomic_path(folder.curve) as temporary:
        curve.to_csv(temporary, index=False)
    return curve
