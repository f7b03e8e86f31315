"""One training run, from config to folder."""

import contextlib
import dataclasses
import functools
import importlib.util
import json
import signal
import sys

import keras
import numpy as np
import pandas as pd

from ann import costs, data, evaluation, layers, training
from ann.atomic_write import atomic_path
from ann.runs import build
from ann.runs.agreement import require_equal
from ann.runs.config import RunConfig
from ann.runs.environment import record
from ann.runs.errors import LostWorkerError, RunError
from ann.runs.folder import RunFolder
from ann.runs.progress import progress_callback
from ann.runs.signals import Stopped, stop_on_signals


def train(
    config: RunConfig,
    run_dir,
    *,
    resume: bool | None = False,
    verbose="auto",
    callbacks=(),
    build_model=build.model,
) -> pd.DataFrame | None:
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
        The anytime curve (`evaluation.anytime_curve`). With `strategy="multi_worker"` the first
        worker, the chief, returns it and alone writes into `run_dir`; the others return None.

    Raises:
        ValueError, FileNotFoundError: config or data cannot be used, or are not those of the chief.
        RunFolderError: the folder belongs to something else, or another process trains in it.
        FloatingPointError: a loss is not finite.
        RunError: the data ended early, or an operation failed, such as decoding a broken image.
        LostWorkerError: another worker ended.
        OSError: a file cannot be written.
        Stopped: a signal came; everything is saved.
    """
    prepare = _PREPARE.get(config.training.training_mode)
    with stop_on_signals() as stop:
        return _train(config, run_dir, resume, verbose, callbacks, build_model, stop, prepare)


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


def _train(config, run_dir, resume, verbose, callbacks, build_model, stop, prepare=None):
    folder = RunFolder(run_dir)
    # First of all: a process can join a cluster only before TensorFlow does anything.
    engine = build.engine(config)
    with _named_failures(engine):
        keras.utils.set_random_seed(config.training.seed)
        if config.runtime.deterministic:
            engine.require_determinism()
        keras.config.set_dtype_policy(config.runtime.precision)
        dataset = build.dataset(config)
        steps_per_epoch = len(dataset.train) // config.data.batch_size
        if not steps_per_epoch:
            raise ValueError(
                f"{dataset.name} has {len(dataset.train)} training images. "
                f"Received: batch_size={config.data.batch_size}"
            )
        _check_labels(dataset)
        images = (dataset, build.augmentation(config, dataset))
        fingerprint = data.fingerprint(dataset)
        require_equal(engine.workers, config, fingerprint)
        make = functools.partial(_compiled, config, dataset, steps_per_epoch, build_model)
        with engine.scope():
            model = make()
        _check_best(config.runtime.best, model)
        if not engine.workers.is_chief:
            _fit(engine, model, images, config, folder, steps_per_epoch, 0, callbacks, stop)
            engine.workers.any(False)  # the chief has written everything
            return None
        with folder.open(config, resume=resume, data=fingerprint):
            if prepare is not None:
                prepare(model, config, folder, verbose, build_model)
            _fit(engine, model, images, config, folder, steps_per_epoch, verbose, callbacks, stop)
            if engine.workers.count > 1:  # reading that model would take all workers
                model = make()
                training.Checkpoints(folder.checkpoints).restore(model)
            with training.averaged_weights(model):
                curve = _finish(model, dataset, config, folder)
            engine.workers.any(False)
            return curve


def _compiled(config, dataset, steps_per_epoch, build_model):
    model = build_model(config, dataset.num_classes, dataset.image_shape)
    # On JAX a step is one program over the whole batch: its statistics are those of all replicas.
    if config.runtime.sync_batch_norm and keras.config.backend() != "jax":
        layers.synchronize(model)
    model.rematerialize = config.runtime.remat
    mode = config.training.training_mode
    model.compile(
        optimizer=build.optimizer(config, steps_per_epoch, model.num_exits),
        weighting=build.weighting(config, steps_per_epoch),
        sampler=build.sampler(config, steps_per_epoch),
        targets=build.targets(config),
        training_mode=_COMPILED_MODES.get(mode, mode),
        **({"jit_compile": True} if config.runtime.jit_compile else {}),
    )
    return model


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


def _take_stages(model, config, folder, verbose, build_model):
    """Trains the exits before the last one by one, each in a run of its own inside the folder on
    top of those before it, and gives `model` their weights.
    """
    runtime = dataclasses.replace(config.runtime, best="val_final_error")
    stage_config = dataclasses.replace(config, runtime=runtime)
    previous = None
    for exit, name in enumerate(model.exit_names[:-1]):
        stage = RunFolder(folder.stages / name)
        if not stage.curve.exists():
            build_stage = functools.partial(_on_top_of, previous, exit, build_model)
            with stop_on_signals() as stop:
                _train(stage_config, stage.path, None, verbose, (), build_stage, stop)
        previous = stage
    _take_links(model, previous)


def _on_top_of(previous, exit, build_model, config, num_classes, input_shape):
    """The network up to an exit, with the weights of the stage before."""
    network = build_model(config, num_classes, input_shape).up_to(exit)
    _take_links(network, previous)
    return network


def _take_links(model, stage):
    """Gives a model the segments and heads of an earlier stage, if there is one."""
    if stage is None:
        return
    earlier = keras.saving.load_model(stage.model, compile=False)
    for links in ("segments", "heads"):
        for mine, theirs in zip(getattr(model, links), getattr(earlier, links), strict=False):
            mine.set_weights(theirs.get_weights())


# What a training mode needs before the network itself is trained.
_PREPARE = {"midfeat": _take_features, "one_by_one": _take_stages}
# Training modes of a run that are others of the model.
_COMPILED_MODES = {"midfeat": "heads", "one_by_one": "last"}


@contextlib.contextmanager
def _named_failures(engine):
    """Turns what an operation of the engine raises in a run into one sentence."""
    try:
        yield
    except Exception as error:
        reason = engine.lost_worker(error)
        if reason:
            raise LostWorkerError(reason) from error
        if isinstance(error, engine.failures()):
            raise RunError(_first_sentence(error)) from error
        raise


def _first_sentence(error) -> str:
    """What went wrong inside an operation, without the operation's own trace."""
    message = getattr(error, "message", str(error))  # TensorFlow's text adds its trace
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    ours = [line for line in lines if "is not an image that can be decoded" in line]
    # What comes before the error's name is TensorFlow's way to the operation.
    return (ours or lines or [type(error).__name__])[0].rpartition("ValueError: ")[2]


def _fit(engine, model, images, config, folder, steps_per_epoch, verbose, callbacks, stop):
    dataset, augmentation = images
    runtime, epochs, workers = config.runtime, config.training.epochs, engine.workers
    checkpoints = engine.checkpoints(folder.checkpoints, runtime.keep_checkpoints)
    checkpoints.remove_leftovers()
    position = checkpoints.restore(model)
    if workers.is_chief:
        folder.check_log(position and position.epoch)
    position = position or training.Position(steps_per_epoch)
    if workers.is_chief and (position.epoch < epochs or not folder.environment.exists()):
        record(folder.environment, position.steps_done)
    part = (workers.index, workers.count)
    loop = training.TrainingLoop(
        engine,
        model,
        position,
        checkpoints,
        save_every=runtime.checkpoint_every_steps,
        best=runtime.best,
        should_stop=lambda: workers.any(stop.requested()),
    )
    if verbose == "auto":
        verbose = 1 if sys.stdout.isatty() else 2
    with stop.at_next_step():
        loop.run(
            _batches(dataset, augmentation, config, position, part),
            data.evaluation_batches(dataset, part=part),
            epochs=epochs,
            batch_size=config.data.batch_size,
            evaluate_every=runtime.evaluate_every,
            verbose=verbose,
            callbacks=[
                training.EvaluateAverage(),
                training.RaiseOnNaN(),
                training.ExitWeightLog(),
                *(_written(folder, model, config, verbose) if workers.is_chief else ()),
                *callbacks,
            ],
        )
        # The chief has saved. A signal may have come to one worker during its last save.
        stopped = workers.any(loop.stopped or stop.requested())
    if stopped:
        raise Stopped(signal.SIGTERM, "another worker was stopped")


def _batches(dataset, augmentation, config, position, part):
    """The training batches that are left."""
    first_epoch, first_step = position.next_batch
    return data.training_batches(
        dataset,
        config.data.batch_size,
        seed=config.training.seed,
        first_epoch=first_epoch,
        first_step=first_step,
        epochs=config.training.epochs,
        augmented=config.data.augment,
        augmentation=augmentation,
        part=part,
    )


def _written(folder, model, config, verbose):
    """Callbacks for what one process writes."""
    return [
        training.EpochLog(folder.epochs),
        *_charts(folder, model, config),
        *progress_callback(verbose, config.training.epochs),
    ]


def _charts(folder, model, config):
    """TensorBoard's charts; none on a machine without it."""
    if importlib.util.find_spec("tensorboard") is None:
        sys.stdout.write("tensorboard is not installed: this run leaves no charts for it\n")
        return []
    macs = costs.profile(model).macs_incremental

    def draw(logs):
        errors = [logs[f"val_{name}_error"] for name in model.exit_names]
        curve = pd.DataFrame({"macs": macs, "error_top1": errors})
        return evaluation.curves_png({config.weighting.weighting: curve}, title=_title(config))

    settings = {
        name: value if isinstance(value, (str, int, float)) else str(value)
        for group in config.to_dict().values()
        for name, value in group.items()
    }
    log = (folder.tensorboard, folder.epochs)
    return [training.EpochCharts(*log, draw=draw, settings=settings)]


def _title(config):
    return f"{config.model.model} on {config.data.dataset}, {config.weighting.weighting}"


def _finish(model, dataset, config, folder):
    """Writes model, figures and report; the curve at the end, as a sign that all is there."""
    with atomic_path(folder.model) as temporary:
        model.save(temporary)
    curve = evaluation.anytime_curve(model, data.evaluation_batches(dataset))
    title = _title(config)
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
