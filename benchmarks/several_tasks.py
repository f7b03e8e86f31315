"""Three tasks of one small network on handwritten digits, whose losses have different scales,
balanced by each weighting.

    python -m benchmarks.several_tasks

The tasks are the digit (cross-entropy), whether the upper half of the image holds more ink than the
lower one (binary cross-entropy), and the ink of the image in percent (squared error). Writes one
row per weighting, seed and task; the study `several_tasks_study` of the report reads it.
"""

import sys

import keras
import numpy as np
import pandas as pd
from absl import flags
from tqdm import tqdm

from ann import data, losses, models
from ann.atomic_write import atomic_path
from ann.commands.run import run
from ann.runs.environment import cells, environment

# The ink in standard deviations, so that all losses are about 1: what a user would do by hand.
BY_HAND = "const, ink scaled by hand"
# Of AdaLoss's weights a share gamma is constant, 0.05 for exits, which keeps the largest loss from
# being weighted down by more than 1 / gamma = 20. Tasks have none by default.
WITHOUT_GAMMA = "adaloss, gamma=0"
_GAMMA = {"adaloss": 0.05, WITHOUT_GAMMA: 0.0}
METHODS = (
    "const",
    BY_HAND,
    "adaloss",
    WITHOUT_GAMMA,
    "log_loss",
    "uncertainty",
    "dwa",
    "gradnorm",
    "rlw",
)
_BATCH = 64
_LOSS = {"digit": "sparse_categorical_crossentropy", "half": "binary_crossentropy", "ink": "mse"}


def tasks_of(split) -> tuple:
    """Images of 0..1 and the labels of the three tasks, from a split of the digits."""
    images = split.images.astype("float32") / 16
    upper, lower = images[:, :4].sum((1, 2, 3)), images[:, 4:].sum((1, 2, 3))
    labels = {
        "digit": split.labels,
        "half": (upper > lower).astype("int32"),
        "ink": 100 * images.mean((1, 2, 3)),
    }
    return images, labels


def network():
    """Two convolutions and a hidden layer that all tasks share, and a layer for each task."""
    image = keras.Input((8, 8, 1))
    x = keras.layers.Conv2D(16, 3, padding="same", activation="relu")(image)
    x = keras.layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(x)
    x = keras.layers.Dense(32, activation="relu")(keras.layers.Flatten()(x))
    sizes = {"digit": 10, "half": 1, "ink": 1}
    return keras.Model(image, {name: keras.layers.Dense(size)(x) for name, size in sizes.items()})


def _weighting(method, examples):
    if method == "dwa":
        return losses.DynamicWeightAverage(steps_per_epoch=-(-examples // _BATCH))
    return losses.AdaLoss(gamma=_GAMMA[method]) if method in _GAMMA else method.split(",")[0]


def train(method: str, seed: int, epochs: int) -> pd.DataFrame:
    """One run.

    Args:
        method: one of `METHODS`.
        seed: of the weights and of the order of the images.
        epochs: passes over the training images.

    Returns:
        DataFrame `method`, `seed`, `epochs`, `task`, `error` (percent: wrong answers, or the root
        mean squared error over the standard deviation of the ink), `weight` (at the end).
    """
    keras.utils.set_random_seed(seed)
    digits = data.load("digits")
    (x, y), (x_test, y_test) = tasks_of(digits.train), tasks_of(digits.test)
    mean, spread = (y["ink"].mean(), y["ink"].std()) if method == BY_HAND else (0.0, 1.0)
    model = models.MultiTaskModel(network())
    model.compile(keras.optimizers.Adam(0.001), loss=_LOSS, weighting=_weighting(method, len(x)))
    model.fit(
        x, y | {"ink": (y["ink"] - mean) / spread}, batch_size=_BATCH, epochs=epochs, verbose=0
    )
    answers = model.predict(x_test, verbose=0)
    ink = mean + spread * answers["ink"][:, 0]
    errors = {
        "digit": 100 * np.mean(answers["digit"].argmax(-1) != y_test["digit"]),
        "half": 100 * np.mean((answers["half"][:, 0] > 0) != y_test["half"]),
        "ink": 100 * np.sqrt(np.mean((ink - y_test["ink"]) ** 2)) / y_test["ink"].std(),
    }
    return pd.DataFrame(
        {
            "method": method,
            "seed": seed,
            "epochs": epochs,
            "task": list(errors),
            "error": list(errors.values()),
            "weight": [model.task_weights[name] for name in errors],
        }
    )


def define_flags():
    """The settings of the command line."""
    flags.DEFINE_list("methods", None, f"Some of {METHODS}; default: all.")
    flags.DEFINE_integer("seeds", 3, "Runs of each, of the seeds 0, 1, ....", lower_bound=1)
    flags.DEFINE_integer("epochs", 30, "Passes over the training images.", lower_bound=1)
    flags.DEFINE_string(
        "output", "experiments/results/benchmark_several_tasks.csv", "CSV to write."
    )


def main(arguments):
    values = flags.FLAGS
    methods = METHODS if values.methods is None else values.methods
    runs = [(method, seed) for seed in range(values.seeds) for method in methods]
    table = pd.concat([train(*one, values.epochs) for one in tqdm(runs, desc="runs")])
    with atomic_path(values.output) as temporary:
        table.assign(**cells(environment())).to_csv(temporary, index=False)
    means = table.groupby(["method", "task"], sort=False)[["error", "weight"]].mean().unstack()
    print(means.round(3).to_string())


if __name__ == "__main__":
    run(sys.modules[__name__])
