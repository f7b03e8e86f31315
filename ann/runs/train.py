"""One training run, from config to folder."""

import dataclasses
import json

import keras
import pandas as pd

from ann import data, evaluation, training
from ann.atomic_write import atomic_path
from ann.runs import build
from ann.runs.config import RunConfig
from ann.runs.environment import environment
from ann.runs.folder import RunFolder, write_json


def train(
    config: RunConfig,
    run_dir,
    *,
    resume: bool = False,
    verbose="auto",
    callbacks=(),
    build_model=build.model,
) -> pd.DataFrame:
    """Trains, evaluates and writes everything a run leaves into `run_dir` (see `RunFolder`).

    Data, model and names are checked before the folder is touched. A run that was interrupted goes
    on with `resume` after its last whole epoch, with the batches, learning rates and weighting
    state it would have had; a finished one is evaluated again.

    Args:
        config: what to run.
        run_dir: folder of the run.
        resume: whether the folder may hold this very run already.
        verbose: of `keras.Model.fit`.
        callbacks: further Keras callbacks.
        build_model: makes the network from the config, the number of classes and the shape of an
            image.

    Returns:
        The anytime curve (`evaluation.anytime_curve`).

    Raises:
        ValueError, FileNotFoundError: config or data cannot be used.
        RunFolderError: the folder belongs to something else.
        FloatingPointError: a loss is not finite.
    """
    folder = RunFolder(run_dir)
    keras.utils.set_random_seed(config.training.seed)
    keras.config.set_dtype_policy(config.runtime.precision)
    dataset = build.dataset(config)
    steps_per_epoch = len(dataset.train) // config.data.batch_size
    if not steps_per_epoch:
        raise ValueError(
            f"{dataset.name} has {len(dataset.train)} training images. Received: batch_size={config.data.batch_size}"
        )
    midfeat = config.training.training_mode == "midfeat"
    with training.strategy(config.runtime.strategy, config.data.batch_size).scope():
        model = build_model(config, dataset.num_classes, dataset.image_shape)
        model.compile(
            optimizer=build.optimizer(config, steps_per_epoch),
            weighting=build.weighting(config, steps_per_epoch),
            sampler=build.sampler(config, steps_per_epoch),
            training_mode="heads" if midfeat else config.training.training_mode,
        )
    folder.open(config, resume=resume)
    write_json(folder.environment, environment())
    if midfeat:
        _take_features(model, config, folder, verbose, build_model)
    _fit(model, dataset, config, folder, steps_per_epoch, verbose, callbacks)
    steps, wanted = (
        int(keras.ops.convert_to_numpy(model.optimizer.iterations)),
        config.training.epochs * steps_per_epoch,
    )
    if (
        steps < wanted
    ):  # Keras takes a broken batch for the end of the data where there are several devices
        raise RuntimeError(
            f"the training images ended early: is a file unreadable? Received: {steps=} of {wanted}"
        )
    return _finish(model, dataset, config, folder)


def train_once(config: RunConfig, run_dir, *, verbose="auto") -> RunFolder:
    """Trains unless the folder holds this run, finished; goes on with one that was interrupted.

    Arguments and errors as `train`.
    """
    folder = RunFolder(run_dir)
    if folder.curve.exists():
        folder.open(config, resume=True)
    else:
        keras.utils.clear_session()
        train(config, run_dir, resume=True, verbose=verbose)
    return folder


def _take_features(model, config, folder, verbose, build_model):
    """Trains the network for its final exit alone, as a run of its own inside the folder, and gives `model` its weights."""
    first = dataclasses.replace(
        config,
        weighting=dataclasses.replace(config.weighting, weighting="opt", opt_at=-1, sampler=None),
        training=dataclasses.replace(config.training, training_mode="joint"),
    )
    train(first, folder.final_exit, resume=True, verbose=verbose, build_model=build_model)
    whole = keras.saving.load_model(RunFolder(folder.final_exit).model, compile=False)
    model.set_feature_weights(whole.up_to(model.num_exits - 1))


def _fit(model, dataset, config, folder, steps_per_epoch, verbose, callbacks):
    epochs = config.training.epochs
    done = (
        training.restore(model, folder.checkpoint, steps_per_epoch)
        if folder.checkpoint.exists()
        else 0
    )
    if done >= epochs:
        return
    batches = data.training_batches(
        dataset,
        config.data.batch_size,
        seed=config.training.seed,
        first_epoch=done,
        epochs=epochs,
        augmented=config.data.augment,
    )
    model.fit(
        batches,
        steps_per_epoch=steps_per_epoch,
        shuffle=False,  # the batches come shuffled
        initial_epoch=done,
        epochs=epochs,
        validation_data=data.evaluation_batches(dataset),
        validation_freq=config.runtime.evaluate_every,
        verbose=verbose,
        callbacks=[
            training.RaiseOnNaN(),
            training.ExitWeightLog(),
            training.EpochLog(folder.epochs),
            keras.callbacks.TensorBoard(folder.tensorboard, write_graph=False),
            training.Checkpoint(folder.checkpoint),
            *callbacks,
        ],
    )


def _finish(model, dataset, config, folder):
    """Writes model, curve, figure and report."""
    with atomic_path(folder.model) as temporary:
        model.save(temporary)
    curve = evaluation.anytime_curve(model, data.evaluation_batches(dataset))
    with atomic_path(folder.curve) as temporary:
        curve.to_csv(temporary, index=False)
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
    return curve
