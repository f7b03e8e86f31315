"""Runs that every engine does from the same checkpoint, for test_same_numbers.py.

As a script it does them on JAX, without TensorFlow: `engine_runs.py FOLDER`.
"""

import dataclasses
import pathlib
import shutil
import sys

if __name__ == "__main__":
    sys.modules["tensorflow"] = None  # importing it is now an error
    sys.modules["tensorflow_datasets"] = None

import keras
import numpy as np

from ann import data, losses
from ann.models import MultiExitModel
from ann.training import (
    L2SGD,
    Checkpoints,
    EpochLog,
    EvaluateAverage,
    ExitWeightLog,
    KernelAdamW,
    Position,
    TrainingLoop,
    engine,
)
from ann.training.checkpoint import state_of

BATCH, STEPS, EPOCHS = 64, 8, 2

# One of each kind: fixed, adaptive, learned, with what remembers epochs and draws at random.
CASES = {
    "const": lambda: {"weighting": "const", "optimizer": keras.optimizers.SGD(0.05)},
    "adaloss exp3": lambda: {
        "weighting": losses.AdaLoss(anneal_steps=6),
        "sampler": "exp3",
        "optimizer": L2SGD(keras.optimizers.schedules.PiecewiseConstantDecay([5], [0.05, 0.01])),
    },
    "dwa aann, averaged": lambda: {
        "weighting": losses.DynamicWeightAverage(steps_per_epoch=2),
        "sampler": "aann",
        "optimizer": L2SGD(0.05, nesterov=True, use_ema=True, ema_momentum=0.5),
    },
    "uncertainty rwm, AdamW": lambda: {
        "weighting": "uncertainty",
        "sampler": "rwm",
        "optimizer": KernelAdamW(0.001),
    },
}

VARIANTS = {
    "one device": {},
    "two devices": {"strategy": "mirrored"},
    "three steps": {"steps_per_call": 3},
}
ON_JAX = {
    "const": ["two devices"],
    "adaloss exp3": ["one device", "two devices", "three steps"],
    "dwa aann, averaged": ["one device"],
    "uncertainty rwm, AdamW": ["two devices"],
}


def dataset():
    whole = data.load("synthetic")
    return dataclasses.replace(whole, padding=2, flip=True, test=whole.test[:101])


def network(dropout=0.0):
    keras.utils.set_random_seed(0)
    segments, heads = [], []
    for index in range(2):
        shape = (8, 8, 3) if index == 0 else (6,)
        layers = [
            keras.layers.Flatten(),
            keras.layers.Dense(6, activation="tanh"),
            keras.layers.BatchNormalization(),
            *([keras.layers.Dropout(dropout)] if dropout else []),
        ]
        segments.append(keras.Sequential([keras.Input(shape), *layers]))
        heads.append(keras.Sequential([keras.Input((6,)), keras.layers.Dense(10)]))
    return MultiExitModel(segments, heads, (8, 8, 3))


class StopAfter:
    """Asks for a stop after so many questions."""

    def __init__(self, count):
        self.left = count

    def __call__(self):
        self.left -= 1
        return self.left < 0


def run(case, folder, *, strategy="one_device", steps_per_call=None, stop_after=None, dropout=0.0):
    """Trains from the newest checkpoint in the folder, and writes the state as `state.npz`."""
    folder = pathlib.Path(folder)
    chosen = engine(strategy, BATCH, steps_per_call=steps_per_call)
    with chosen.scope():
        model = network(dropout)
        model.compile(**CASES[case]())
    checkpoints = Checkpoints(folder / "checkpoints")
    position = checkpoints.restore(model) or Position(STEPS)
    first_epoch, first_step = position.next_batch
    images = dataset()
    batches = data.training_batches(
        images, BATCH, seed=3, first_epoch=first_epoch, first_step=first_step, epochs=EPOCHS
    )
    loop = TrainingLoop(
        chosen,
        model,
        position,
        checkpoints,
        best="val_loss",
        should_stop=StopAfter(10**9 if stop_after is None else stop_after),
    )
    loop.run(
        batches,
        data.evaluation_batches(images, 50),  # 50, 50 and 1
        epochs=EPOCHS,
        batch_size=BATCH,
        callbacks=[EvaluateAverage(), ExitWeightLog(), EpochLog(folder / "epochs.csv")],
    )
    assert loop.stopped == (stop_after is not None)
    np.savez(
        folder / "state.npz", **{f"{i:03d} {n}": a for i, (n, a) in enumerate(state_of(model))}
    )
    return model


def begin(case, folder) -> None:
    """Writes the checkpoint that all runs of a case start from."""
    model = network()
    model.compile(**CASES[case]())
    Checkpoints(pathlib.Path(folder) / "checkpoints").save(model, Position(STEPS))


def on_jax(root) -> None:
    assert keras.config.backend() == "jax"
    for case, names in ON_JAX.items():
        for name in names:
            shutil.copytree(root / case / "start", root / case / name)
            run(case, root / case / name, **VARIANTS[name])
    for name, stop_after in (("one device", 3), ("three steps", 1)):
        options = {**VARIANTS[name], "dropout": 0.3}
        run("dwa aann, averaged", root / f"whole {name}", **options)
        run("dwa aann, averaged", root / f"parts {name}", **options, stop_after=stop_after)
        run("dwa aann, averaged", root / f"parts {name}", **options)


if __name__ == "__main__":
    on_jax(pathlib.Path(sys.argv[1]))
