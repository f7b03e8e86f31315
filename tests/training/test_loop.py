"""A run that is stopped at any step and resumed ends with the bits of one that was not."""

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from ann import losses
from ann.models import MultiExitModel
from ann.runs.signals import StopRequest
from ann.training import (
    L2SGD,
    Checkpoints,
    EpochLog,
    ExitWeightLog,
    Position,
    TrainingLoop,
    engine,
)
from ann.training.checkpoint import state_of

STEPS, EPOCHS, BATCH = 4, 3, 8
X = np.random.default_rng(0).normal(size=(EPOCHS * STEPS * BATCH, 4)).astype("float32")
Y = np.random.default_rng(1).integers(0, 3, len(X))
TEST = tf.data.Dataset.from_tensor_slices((X[:20], Y[:20])).batch(10)

ADAM_EMA = {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 3}
VARIANTS = {
    "const, SGD": lambda: {"weighting": "const", "optimizer": keras.optimizers.SGD(0.1)},
    "adaloss, exp3, L2SGD": lambda: {
        "weighting": losses.AdaLoss(anneal_steps=6),
        "sampler": "exp3",
        "optimizer": L2SGD(keras.optimizers.schedules.PiecewiseConstantDecay([5], [0.1, 0.01])),
    },
    "dwa, aann, Adam with averaged weights": lambda: {
        "weighting": losses.DynamicWeightAverage(steps_per_epoch=2),
        "sampler": "aann",
        "optimizer": keras.optimizers.Adam(0.01, **ADAM_EMA),
    },
    "uncertainty, rwm, gradients accumulated": lambda: {
        "weighting": "uncertainty",
        "sampler": "rwm",
        "optimizer": keras.optimizers.SGD(0.1, momentum=0.9, gradient_accumulation_steps=3),
    },
    "gradnorm": lambda: {"weighting": "gradnorm", "optimizer": L2SGD(0.1)},
    "rlw, heads": lambda: {"weighting": "rlw", "training_mode": "heads", "optimizer": L2SGD(0.1)},
}


def network():
    keras.utils.set_random_seed(0)
    segments, heads = [], []
    for _ in range(2):
        layers = (
            keras.layers.Dense(4, activation="tanh"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.3),
        )
        segments.append(keras.Sequential([keras.Input((4,)), *layers]))
        heads.append(keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, dtype="float32")]))
    return MultiExitModel(segments, heads, (4,))


def batches(position):
    rest = slice(position.steps_done * BATCH, None)
    return tf.data.Dataset.from_tensor_slices((X[rest], Y[rest])).batch(BATCH)


class StopAfter(keras.callbacks.Callback):
    """Asks for a stop after so many training steps and evaluation batches."""

    def __init__(self, request, steps, evaluated=0):
        super().__init__()
        self.request, self.left, self.evaluated = request, steps, evaluated

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        self._stop(not self.evaluated)

    def on_test_batch_end(self, batch, logs=None):
        self._stop(self.evaluated)

    def _stop(self, here):
        if here and self.left <= 0:
            self.request.signum = 15


def run(arguments, folder, *, stop=(), strategy="one_device", **options):
    """One process of a run; `stop` as arguments of `StopAfter`."""
    chosen = engine(strategy, BATCH)
    with chosen.scope():
        model = network()
        model.compile(**arguments())
    checkpoints, request = chosen.checkpoints(folder / "checkpoints", keep=2), StopRequest()
    position = checkpoints.restore(model) or Position(STEPS)
    loop = TrainingLoop(
        chosen,
        model,
        position,
        checkpoints,
        best="val_loss",
        should_stop=request.requested,
        **options,
    )
    callbacks = [ExitWeightLog(), EpochLog(folder / "epochs.csv")]
    if stop:
        callbacks.append(StopAfter(request, *stop))
    loop.run(batches(position), TEST, epochs=EPOCHS, batch_size=BATCH, callbacks=callbacks)
    assert loop.stopped == bool(stop)
    return model


def unstopped(model, checkpoints):
    chosen = engine("one_device", BATCH)
    return TrainingLoop(chosen, model, Position(STEPS), checkpoints, should_stop=lambda: False)


def assert_equal_runs(mine, theirs, folders):
    for (name, one), (_, other) in zip(state_of(mine), state_of(theirs), strict=True):
        np.testing.assert_array_equal(one, other, err_msg=name)
    logs = [
        pd.read_csv(folder / "epochs.csv").drop(columns=["seconds", "images_per_second"])
        for folder in folders
    ]
    assert logs[0].epoch.tolist() == list(range(EPOCHS))
    pd.testing.assert_frame_equal(*logs, check_exact=True)
    best = [(folder / "checkpoints" / "checkpoint_best.state").read_bytes() for folder in folders]
    assert len(best[0]) == pytest.approx(len(best[1]), abs=40)  # `seconds` differ


@pytest.mark.parametrize("name", VARIANTS)
def test_stopped_runs_equal_the_whole_one(tmp_path, name):
    folders = whole, parts = tmp_path / "whole", tmp_path / "parts"
    expected = run(VARIANTS[name], whole)
    # In the middle of an epoch, at its last step, in an evaluation.
    for stop in ((2,), (2,), (3, 1)):
        run(VARIANTS[name], parts, stop=stop)
    assert_equal_runs(run(VARIANTS[name], parts), expected, folders)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_in_mixed_precision_too(tmp_path, precision):
    keras.config.set_dtype_policy(precision)
    folders = whole, parts = tmp_path / "whole", tmp_path / "parts"
    arguments = VARIANTS["adaloss, exp3, L2SGD"]
    expected = run(arguments, whole)
    for stop in ((2,), (3,)):
        run(arguments, parts, stop=stop)
    assert_equal_runs(run(arguments, parts), expected, folders)


def test_steps_that_overflow_count_as_steps(tmp_path):
    """Fact 17: the loss scaler skips them, and so the optimizer's count lags behind."""
    keras.config.set_dtype_policy("mixed_float16")
    folders = whole, parts = tmp_path / "whole", tmp_path / "parts"

    def arguments():
        inner = keras.optimizers.SGD(0.1)
        scaled = keras.optimizers.LossScaleOptimizer(inner, initial_scale=2.0**25)
        return {"weighting": "const", "optimizer": scaled}

    expected = run(arguments, whole)
    assert int(expected.optimizer.iterations) < STEPS * EPOCHS
    for stop in ((1,), (6,)):
        run(arguments, parts, stop=stop)
    assert_equal_runs(run(arguments, parts), expected, folders)


def test_two_replicas(tmp_path):
    folders = whole, parts = tmp_path / "whole", tmp_path / "parts"
    arguments = VARIANTS["adaloss, exp3, L2SGD"]
    expected = run(arguments, whole, strategy="mirrored")
    for stop in ((6,), (2, 1)):
        run(arguments, parts, strategy="mirrored", stop=stop)
    resumed = run(arguments, parts, strategy="mirrored")
    # Each replica has its own statistics of batch normalization.
    assert any(name.startswith("replicas/") for name, _ in state_of(resumed))
    assert_equal_runs(resumed, expected, folders)


def test_another_number_of_replicas_goes_on_with_their_mean(tmp_path, two_replicas, caplog):
    arguments = VARIANTS["const, SGD"]
    left = run(arguments, tmp_path, strategy="mirrored", stop=(2,))
    with two_replicas.scope():
        means = [keras.ops.convert_to_numpy(weight) for weight in left.weights]
    model = network()
    model.compile(**arguments())
    assert Checkpoints(tmp_path / "checkpoints").restore(model).steps_done == 2
    assert "of 2 replicas and training goes on with 1" in caplog.text
    for one, other in zip(model.weights, means, strict=True):
        np.testing.assert_array_equal(one, other)


def test_gives_the_numbers_of_fit(tmp_path):
    arguments = VARIANTS["adaloss, exp3, L2SGD"]
    mine, theirs = run(arguments, tmp_path), network()
    theirs.compile(**arguments())
    history = theirs.fit(
        batches(Position(STEPS)),
        steps_per_epoch=STEPS,
        epochs=EPOCHS,
        shuffle=False,
        validation_data=TEST,
        verbose=0,
    ).history
    for one, other in zip(mine.weights, theirs.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    log = pd.read_csv(tmp_path / "epochs.csv")
    for name, values in history.items():
        np.testing.assert_allclose(log[name], values, rtol=1e-6, err_msg=name)


def test_checkpoints_inside_epochs(tmp_path):
    seen = []

    class Look(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            paths = Checkpoints(tmp_path / "checkpoints").newest_first()
            seen.append([int(path.stem[-9:]) for path in paths])

    model = network()
    model.compile(weighting="const")
    loop = TrainingLoop(
        engine("one_device", BATCH),
        model,
        Position(STEPS),
        Checkpoints(tmp_path / "checkpoints"),
        save_every=3,
        should_stop=lambda: False,
    )
    loop.run(batches(Position(STEPS)), TEST, epochs=2, batch_size=BATCH, callbacks=[Look()])
    assert seen == [[], [], [], [3], [4, 3], [4, 3], [6, 4], [6, 4]]


def test_keras_callbacks_may_end_training(tmp_path):
    model = network()
    model.compile(weighting="const", optimizer=keras.optimizers.SGD(0.0))
    stopping = keras.callbacks.EarlyStopping("loss", mode="min", patience=0)
    loop = unstopped(model, Checkpoints(tmp_path))
    loop.run(batches(Position(STEPS)), TEST, epochs=9, batch_size=BATCH, callbacks=[stopping])
    assert loop.position.epoch < 9


def test_data_that_ends_early_is_an_error(tmp_path):
    model = network()
    model.compile(weighting="const")
    loop = unstopped(model, Checkpoints(tmp_path))
    with pytest.raises(RuntimeError, match="ended early.*step 3 of epoch 1"):
        loop.run(batches(Position(STEPS)).take(7), TEST, epochs=2, batch_size=BATCH)


def test_the_best_of_another_measure_is_forgotten(tmp_path):
    def loop(position, best):
        return TrainingLoop(
            engine("one_device", BATCH),
            network(),
            position,
            Checkpoints(tmp_path),
            best=best,
            should_stop=lambda: False,
        )

    position = Position(STEPS, best=0.5, best_by="val_loss")
    assert loop(position, "val_loss").position.best == 0.5
    assert loop(position, "val_final_error").position.best is None
