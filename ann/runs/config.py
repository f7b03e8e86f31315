"""What is run: frozen dataclasses, standard library only, validated when made.

One group a concern. `RunConfig` joins them; its first four groups are what a result claims,
`RuntimeConfig` is only where and how fast it runs. Names of data sets, models and schemes are
resolved by the rooms that own them (`ann.runs.build`), numbers are checked here. The metadata of each
field is the help of its command line flag.

Example:
    >>> RunConfig(training=TrainingConfig(epochs=12)).training.learning_rate
    0.1
"""

from __future__ import annotations

import dataclasses
from typing import Any


def _field(default: Any, text: str):
    return dataclasses.field(default=default, metadata={"help": text})


def _require(condition: bool, allowed: str, **received: Any) -> None:
    if not condition:
        values = ", ".join(f"{name}={value!r}" for name, value in received.items())
        raise ValueError(f"{allowed}. Received: {values}")


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """Which images, how many, in what batches."""

    dataset: str = _field("digits", "Data set.")
    data_dir: str | None = _field(
        None,
        "Folder of prepared TFDS data sets; default: TFDS_DATA_DIR, else ~/tensorflow_datasets. For class_folders the folder "
        "that holds train/<class>/*.JPEG and val/<class>/*.JPEG.",
    )
    batch_size: int = _field(128, "Images in a training batch, over all replicas.")
    augment: bool = _field(True, "Augment the training images as the papers do for this data set.")
    hold_out: bool = _field(
        False,
        "Train without the last training images (by id; 5,000 of CIFAR's) and evaluate on them.",
    )
    train_examples: int | None = _field(
        None, "Train on this many images only, the first by id; default: all."
    )

    def __post_init__(self):
        _require(self.batch_size >= 1, "batch_size must be at least 1", batch_size=self.batch_size)
        _require(
            self.train_examples is None or self.train_examples >= self.batch_size,
            "train_examples must be at least batch_size: the last, incomplete batch of an epoch is dropped",
            train_examples=self.train_examples,
            batch_size=self.batch_size,
        )


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """Which anytime network."""

    model: str = _field(
        "resann-n3-c16",
        "Anytime network, for example resann-n9-c16: n units per stage, first width c.",
    )
    s: int | None = _field(
        None,
        "Prediction period: an exit every s units, counted back from the last; default: the model's own.",
    )
    preset: str = _field(
        "paper",
        "Architecture, samplers, changes of colour as in the paper, or as in the authors' code: paper, author_code.",
    )

    def __post_init__(self):
        _require(self.s is None or self.s >= 1, "s must be at least 1", s=self.s)
        _require(
            self.preset in ("paper", "author_code"),
            "preset must be 'paper' or 'author_code'",
            preset=self.preset,
        )


@dataclasses.dataclass(frozen=True)
class WeightingConfig:
    """How the losses of the exits are combined."""

    weighting: str = _field("adaloss", "Weighting scheme.")
    opt_at: int = _field(-1, "opt: the one exit trained, 0-based; -1 is the last.")
    base: float = _field(
        2.0,
        "exp_base: weights grow by this factor from exit to exit; 0.5 favours the shallow ones.",
    )
    gamma: float = _field(0.05, "adaloss: share of the constant weights mixed in (Eq. 7), 0 to 1.")
    average_momentum: float = _field(
        0.9, "adaloss: momentum of the running losses, 0 up to but not including 1."
    )
    update_every: int = _field(1, "adaloss: steps between two updates of the weights.")
    final_extra: float = _field(
        0.0, "adaloss: weight added to the final exit before scaling; 1 doubles it."
    )
    gamma_anneal: float = _field(
        0.0, "adaloss: share of training over which gamma falls from 1 to its value, 0 to 1."
    )
    sampler: str | None = _field(
        None, "Sampler that adds weight to one exit drawn at each step; default: none."
    )
    tau: float = _field(
        0.5, "Sampler: extra weight of the exit drawn, as a share of the sum of all weights."
    )

    def __post_init__(self):
        _require(self.base > 0, "base must be positive", base=self.base)
        _require(0 <= self.gamma <= 1, "gamma must lie in [0, 1]", gamma=self.gamma)
        _require(
            0 <= self.average_momentum < 1,
            "average_momentum must lie in [0, 1)",
            average_momentum=self.average_momentum,
        )
        _require(
            self.update_every >= 1,
            "update_every must be at least 1",
            update_every=self.update_every,
        )
        _require(
            self.final_extra >= 0, "final_extra must not be negative", final_extra=self.final_extra
        )
        _require(
            0 <= self.gamma_anneal <= 1,
            "gamma_anneal must lie in [0, 1]",
            gamma_anneal=self.gamma_anneal,
        )
        _require(self.tau >= 0, "tau must not be negative", tau=self.tau)


@dataclasses.dataclass(frozen=True)
class TrainingConfig:
    """How long and how fast: SGD with momentum, L2 in the gradient, a step schedule."""

    epochs: int = _field(300, "Passes over the training images. Papers: 300 on CIFAR, 60 on SVHN.")
    learning_rate: float = _field(0.1, "Initial learning rate.")
    lr_drop_at: tuple[float, ...] = _field(
        (0.5, 0.75), "Fractions of all steps at which the learning rate changes."
    )
    lr_drop_to: tuple[float, ...] = _field(
        (0.1, 0.01), "What it changes to, as multiples of the initial one."
    )
    momentum: float = _field(0.9, "Momentum of SGD.")
    l2: float = _field(
        1e-4,
        "L2 coefficient: l2 * w is added to the gradient of each kernel (not decoupled weight decay).",
    )
    training_mode: str = _field(
        "joint",
        "joint; no_grad: gradients stop between segments; midfeat: the final exit alone, then the heads on frozen features.",
    )
    seed: int = _field(
        0, "Seed of the initial weights, the order of the images and their augmentation."
    )

    def __post_init__(self):
        _require(self.epochs >= 1, "epochs must be at least 1", epochs=self.epochs)
        _require(
            self.learning_rate > 0,
            "learning_rate must be positive",
            learning_rate=self.learning_rate,
        )
        _require(0 <= self.momentum < 1, "momentum must lie in [0, 1)", momentum=self.momentum)
        _require(self.l2 >= 0, "l2 must not be negative", l2=self.l2)
        allowed = ("joint", "no_grad", "midfeat")
        _require(
            self.training_mode in allowed,
            f"training_mode must be one of {allowed}",
            training_mode=self.training_mode,
        )
        _require(self.seed >= 0, "seed must not be negative", seed=self.seed)
        _require(
            len(self.lr_drop_at) == len(self.lr_drop_to),
            "lr_drop_at and lr_drop_to must have equal lengths",
            lr_drop_at=self.lr_drop_at,
            lr_drop_to=self.lr_drop_to,
        )
        _require(
            list(self.lr_drop_at) == sorted(set(self.lr_drop_at))
            and all(0 < at < 1 for at in self.lr_drop_at),
            "lr_drop_at must increase inside (0, 1)",
            lr_drop_at=self.lr_drop_at,
        )


@dataclasses.dataclass(frozen=True)
class RuntimeConfig:
    """Where it runs; not part of what a result claims."""

    precision: str = _field(
        "float32", "Keras dtype policy: float32, mixed_bfloat16, mixed_float16."
    )
    strategy: str = _field(
        "one_device", "Replicas: one_device, or mirrored over all visible devices of this machine."
    )
    evaluate_every: int = _field(1, "Epochs between two evaluations during training.")
    checkpoint_every_steps: int = _field(
        0, "Training steps between two checkpoints inside an epoch; 0: after each epoch only."
    )
    keep_checkpoints: int = _field(2, "How many of the newest checkpoints are kept.")
    best: str = _field(
        "val_final_error",
        "Column of epochs.csv, a loss or an error, that decides on checkpoint_best; the lowest value wins.",
    )

    def __post_init__(self):
        allowed = ("float32", "mixed_bfloat16", "mixed_float16")
        _require(
            self.precision in allowed,
            f"precision must be one of {allowed}",
            precision=self.precision,
        )
        allowed = ("one_device", "mirrored")
        _require(
            self.strategy in allowed, f"strategy must be one of {allowed}", strategy=self.strategy
        )
        _require(
            self.evaluate_every >= 1,
            "evaluate_every must be at least 1",
            evaluate_every=self.evaluate_every,
        )
        _require(
            self.checkpoint_every_steps >= 0,
            "checkpoint_every_steps must not be negative",
            checkpoint_every_steps=self.checkpoint_every_steps,
        )
        _require(
            self.keep_checkpoints >= 1,
            "keep_checkpoints must be at least 1",
            keep_checkpoints=self.keep_checkpoints,
        )


@dataclasses.dataclass(frozen=True)
class RunConfig:
    """One training run."""

    data: DataConfig = DataConfig()
    model: ModelConfig = ModelConfig()
    weighting: WeightingConfig = WeightingConfig()
    training: TrainingConfig = TrainingConfig()
    runtime: RuntimeConfig = RuntimeConfig()

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Nested dictionary of plain values, as written to a run's `config.json`."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, dict[str, Any]]) -> RunConfig:
        """The inverse of `to_dict`; lists that JSON made of tuples become tuples again.

        Raises:
            ValueError: a group or field is not one of ours.
        """
        groups = {}
        for name, group in values.items():
            _require(name in GROUPS, f"config groups are {sorted(GROUPS)}", group=name)
            fields = {field.name for field in dataclasses.fields(GROUPS[name])}
            unknown = sorted(set(group) - fields)
            _require(not unknown, f"fields of {name} are {sorted(fields)}", unknown=unknown)
            groups[name] = GROUPS[name](
                **{k: tuple(v) if isinstance(v, list) else v for k, v in group.items()}
            )
        return cls(**groups)


GROUPS = {
    "data": DataConfig,
    "model": ModelConfig,
    "weighting": WeightingConfig,
    "training": TrainingConfig,
    "runtime": RuntimeConfig,
}
