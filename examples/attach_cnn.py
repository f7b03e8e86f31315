"""Exits for a network of one's own: a small CNN in plain Keras, cut into an anytime network and
trained on real images.

    python -m examples.attach_cnn --epochs=10

The CNN (small_cnn.py) knows nothing of this project: pre-activation residual units, global pooling,
a softmax. An exit follows every `--every` units, the CNN's own classifier is the last one. The run
leaves a folder as experiments.train does. An interrupted run goes on with --resume.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import app, flags

from ann import data, losses, models
from ann.runs.config import (
    DataConfig,
    ModelConfig,
    RunConfig,
    RuntimeConfig,
    TrainingConfig,
    WeightingConfig,
)
from examples.small_cnn import small_cnn

_RUN_DIR = flags.DEFINE_string("run_dir", "runs/attach_demo", "Folder of the run.")
_RESUME = flags.DEFINE_bool("resume", False, "Go on with the run that --run_dir holds.")
_DATASET = flags.DEFINE_enum("dataset", "cifar10", data.names(), "Data set.")
_EXAMPLES = flags.DEFINE_integer(
    "train_examples", None, "Train on this many images only; default: all."
)
_EPOCHS = flags.DEFINE_integer("epochs", 10, "Passes over the training images.")
_UNITS = flags.DEFINE_integer("units", 3, "Residual units in each of the 3 stages.", lower_bound=1)
_WIDTH = flags.DEFINE_integer("width", 16, "Channels of the first stage.", lower_bound=1)
_EVERY = flags.DEFINE_integer(
    "every", 2, "An exit every so many units, counted back from the last.", lower_bound=1
)
_WEIGHTING = flags.DEFINE_enum("weighting", "adaloss", list(losses.schemes()), "Weighting scheme.")
_PRECISION = flags.DEFINE_string(
    "precision", "float32", "Keras dtype policy: float32, mixed_bfloat16, mixed_float16."
)


def anytime_cnn(config: RunConfig, num_classes, input_shape) -> models.MultiExitModel:
    """The CNN that the flags describe, with an exit after every `config.model.s` of its units."""
    plain = small_cnn(input_shape, num_classes, units=_UNITS.value, width=_WIDTH.value)
    return models.attach_exits(plain, every=config.model.s, num_classes=num_classes)


def config_from_flags() -> RunConfig:
    """The run; its model is not one that `models.build` knows."""
    return RunConfig(
        data=DataConfig(dataset=_DATASET.value, train_examples=_EXAMPLES.value),
        model=ModelConfig(model=f"small_cnn-n{_UNITS.value}-c{_WIDTH.value}", s=_EVERY.value),
        weighting=WeightingConfig(weighting=_WEIGHTING.value),
        training=TrainingConfig(epochs=_EPOCHS.value),
        runtime=RuntimeConfig(precision=_PRECISION.value),
    )


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"every setting is a --flag=value. Received: {argv[1:]}")
    from ann.runs.train import train

    try:
        curve = train(
            config_from_flags(), _RUN_DIR.value, resume=_RESUME.value, build_model=anytime_cnn
        )
    except (ValueError, FileNotFoundError, FloatingPointError) as error:
        raise SystemExit(f"error: {error}") from error
    print(
        curve.round({"fraction": 4, "loss": 4, "error_top1": 2, "error_top5": 2}).to_string(
            index=False
        )
    )
    print(f"written to {_RUN_DIR.value}")


if __name__ == "__main__":
    app.run(main)
