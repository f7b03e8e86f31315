"""The demo's networks: an anytime network under several weightings, and static ones beside it."""

import dataclasses
import functools

import keras
import pandas as pd

from ann import models
from ann.milestones import neighbors
from ann.runs.config import DataConfig, ModelConfig, RunConfig, TrainingConfig, WeightingConfig
from ann.runs.train import train

# Weighting scheme: what it does.
WEIGHTINGS = {
    "const": "every exit weighs the same",
    "adaloss": "an exit with a smaller loss weighs more",
    "half_end": "the last exit weighs as much as all the others",
}


class ErrorsByExit(keras.callbacks.Callback):
    """Prints the test error of every exit, every few epochs."""

    def __init__(self, every: int):
        super().__init__()
        self.every = every

    def on_epoch_end(self, epoch, logs=None):
        epochs = self.params["epochs"]
        if epoch == 0 or (epoch + 1) % self.every == 0 or epoch + 1 == epochs:
            errors = " ".join(f"{logs[f'val_{name}_error']:5.1f}" for name in self.model.exit_names)
            print(f"  epoch {epoch + 1:3d}/{epochs}   {errors}", flush=True)


def digits_config(model: str, epochs: int) -> RunConfig:
    """How every network of the demo is trained."""
    return RunConfig(
        data=DataConfig(dataset="digits", batch_size=64),
        model=ModelConfig(model=model),
        training=TrainingConfig(epochs=epochs),
    )


def train_anytime(base: RunConfig, weighting: str, folder) -> pd.DataFrame:
    """Trains the anytime network under a weighting scheme.

    Returns:
        Its curve (`evaluation.anytime_curve`).
    """
    config = dataclasses.replace(base, weighting=WeightingConfig(weighting=weighting))
    print(f"\n{weighting}: {WEIGHTINGS[weighting]}. Test error (%) of each exit", flush=True)
    return train(config, folder, verbose=0, callbacks=[ErrorsByExit(every=8)])


def train_static(base: RunConfig, exit: int, folder) -> pd.Series:
    """Trains a static network: the layers up to an exit of the anytime network, with that exit
    alone.

    Returns:
        `macs` and `error_top1` of its one answer.
    """
    name = f"static-{base.model.model}-exit{exit}"
    config = dataclasses.replace(
        base,
        model=ModelConfig(model=name),
        weighting=WeightingConfig(weighting="const"),
    )
    build = functools.partial(_static_network, base.model.model, exit)
    (answer,) = train(config, folder, verbose=0, build_model=build).itertuples()
    print(f"static network that ends at exit {exit}: {answer.error_top1:.1f} %", flush=True)
    return pd.Series({"exit": exit, "macs": answer.macs, "error_top1": answer.error_top1})


def static_exits(curve: pd.DataFrame) -> list[int]:
    """The exits nearest to 1/4, 1/2 and all of the cost, where static networks end."""
    exits, _ = neighbors(curve.fraction.to_numpy(), "closest", at=(0.25, 0.5, 1.0))
    return sorted({int(exit) for exit in exits})


def _static_network(anytime, exit, config, num_classes, input_shape):
    del config
    chain = models.build(anytime, num_classes=num_classes, input_shape=input_shape)
    layers = keras.Sequential(chain.segments[: exit + 1])
    return models.MultiExitModel([layers], [chain.heads[exit]], input_shape)
