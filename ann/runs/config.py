"""What is run: frozen dataclasses, checked when they are made.

There is one group per concern, and `RunConfig` joins them. Its first four groups are what a result
claims; `RuntimeConfig` is where and how fast it runs. The metadata of each field is the help of its
command line flag. Nothing here imports a framework.

Example:
    >>> RunConfig(training=TrainingConfig(epochs=12)).training.learning_rate
    0.1
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ann import data, losses
from ann.did_you_mean import unknown_name
from ann.runs.author_code import author_defaults
from ann.runs.fields import check_type, check_types, require_name, require_unused
from ann.runs.fields import field as _field
from ann.runs.fields import require as _require
from ann.runs.recipe_fields import DataRecipe, TrainingRecipe
from ann.runs.weighting_config import WeightingConfig


@dataclasses.dataclass(frozen=True)
class DataConfig(DataRecipe):
    """Which images, how many, in what batches."""

    dataset: str = _field("digits", "Data set.")
    data_dir: str | None = _field(
        None,
        "Folder of prepared TFDS data sets; default: TFDS_DATA_DIR, else ~/tensorflow_datasets. "
        "For class_folders, the folder that contains train/<class>/*.JPEG and val/<class>/*.JPEG.",
    )
    batch_size: int = _field(128, "Images in a training batch, over all replicas.")
    augment: bool = _field(True, "Augment the training images as the papers do for this data set.")
    blur: bool = _field(
        True, "svhn: blur the training images as 001 does; 002, 003, and the authors' code do not."
    )
    hold_out: bool = _field(
        False,
        "Hold out the last training images (by id; 5,000 for CIFAR), and evaluate on them.",
    )
    train_examples: int | None = _field(
        None, "Train only on this many images, the first by id; default: all."
    )

    def __post_init__(self):
        check_types(self)
        require_name("dataset", self.dataset, data.names())
        _require(self.batch_size >= 1, "batch_size must be at least 1", batch_size=self.batch_size)
        _require(
            self.train_examples is None or self.train_examples >= self.batch_size,
            "train_examples must be at least batch_size, because incomplete batches are dropped",
            train_examples=self.train_examples,
            batch_size=self.batch_size,
        )
        if self.dataset != "svhn":
            require_unused(self, ["blur"], f"the images of {self.dataset} are never blurred")
        self.check_recipe()


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """Which anytime network."""

    model: str = _field(
        "resann-n3-c16",
        "Anytime network, for example resann-n9-c16: n units per stage, first width c.",
    )
    s: int | None = _field(
        None,
        "Prediction period: an exit every s units, counted back from the last; default: the "
        "model's own.",
    )
    first_exit: int | None = _field(
        None,
        "Index of the first unit that may have an exit; those before it have none (002 section "
        "4.6). Default: the model's own.",
    )
    preset: str = _field(
        "paper",
        "Which to follow where the papers and the authors' code differ: paper, author_code, or "
        "sieve, the network of 002 (resann-n...-c... only). It decides the architecture and the "
        "colors of training JPEGs. author_code also sets the defaults of weight decay, of the "
        "learning rate, and of the settings of AdaLoss and the samplers (docs/author_code.md).",
    )

    def __post_init__(self):
        check_types(self)
        _require(self.s is None or self.s >= 1, "s must be at least 1", s=self.s)
        _require(
            self.first_exit is None or self.first_exit >= 0,
            "first_exit must not be negative",
            first_exit=self.first_exit,
        )
        allowed = ("paper", "author_code", "sieve")
        _require(self.preset in allowed, f"preset must be one of {allowed}", preset=self.preset)
        _require(
            self.preset != "sieve" or self.model.startswith("resann-n"),
            "preset 'sieve' is the network of 002, which only the models resann-n...-c... have",
            preset=self.preset,
            model=self.model,
        )


@dataclasses.dataclass(frozen=True)
class TrainingConfig(TrainingRecipe):
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
        "L2 coefficient: l2 * w is added to the gradient of each kernel (this is not decoupled "
        "weight decay).",
    )
    accumulate_steps: int = _field(
        1,
        "Number of batches whose gradients are averaged for one update of the weights. This is "
        "like a larger batch, except for batch normalization and adaptive weightings, which see "
        "one batch at a time. The learning rate schedule counts batches. One device only.",
    )
    training_mode: str = _field(
        "joint",
        "joint: all segments and heads together; no_grad: gradients stop between segments; "
        "equilibrium: gradients are rescaled between segments; midfeat: the final exit alone, then "
        "the heads on frozen features; one_by_one: no_grad in stages (002 section 4.2), each exit "
        "with its segment for all the epochs, after the exits before it.",
    )
    seed: int = _field(
        0, "Seed of the initial weights, the order of the images, and their augmentation."
    )

    def __post_init__(self):
        check_types(self)
        _require(self.epochs >= 1, "epochs must be at least 1", epochs=self.epochs)
        _require(
            0 < self.learning_rate < float("inf"),
            "learning_rate must be positive and finite",
            learning_rate=self.learning_rate,
        )
        _require(
            self.accumulate_steps >= 1,
            "accumulate_steps must be at least 1",
            accumulate_steps=self.accumulate_steps,
        )
        _require(0 <= self.momentum < 1, "momentum must be in [0, 1)", momentum=self.momentum)
        _require(self.l2 >= 0, "l2 must not be negative", l2=self.l2)
        allowed = ("joint", "no_grad", "equilibrium", "midfeat", "one_by_one")
        _require(
            self.training_mode in allowed,
            f"training_mode must be one of {allowed}",
            training_mode=self.training_mode,
        )
        _require(0 <= self.seed < 2**32, "seed must be in [0, 2**32)", seed=self.seed)
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
        _require(
            all(0 <= to < float("inf") for to in self.lr_drop_to),
            "lr_drop_to must be finite and not negative",
            lr_drop_to=self.lr_drop_to,
        )
        self.check_recipe()


@dataclasses.dataclass(frozen=True)
class RuntimeConfig:
    """Where it runs; not part of what a result claims."""

    precision: str = _field(
        "float32", "Keras dtype policy: float32, mixed_bfloat16, mixed_float16."
    )
    strategy: str = _field(
        "one_device",
        "Replicas: one_device; mirrored: on all visible devices of this machine; multi_worker: on "
        "the devices of a cluster, which TF_CONFIG or SLURM describes; tpu (see BUILD.md).",
    )
    virtual_devices: int = _field(
        0,
        "Split this machine's CPU into this many virtual devices, to try strategy=mirrored; 0: use "
        "the real devices.",
    )
    steps_per_call: int | None = _field(
        None,
        "Training steps in one call of the compiled function, between two checks for signals. "
        "More than 1 needs KERAS_BACKEND=jax, where the default is 50 on an accelerator, and 1 on "
        "a CPU and for JPEGs.",
    )
    sync_batch_norm: bool = _field(
        False,
        "Batch normalization over the whole batch instead of each replica's part, so replicas "
        "train as one device does. On JAX it is always so.",
    )
    jit_compile: bool = _field(
        False,
        "Compile the training step with XLA; without this flag TensorFlow does so only on a single "
        "GPU. JAX always does.",
    )
    remat: bool = _field(
        False,
        "Keep only the maps between segments for the backward pass, and compute the segments a "
        "second time: needs less memory and more time.",
    )
    deterministic: bool = _field(
        False,
        "Compute the same bits in each run on the same number of cores; slower on GPUs.",
    )
    evaluate_every: int = _field(1, "Epochs between two evaluations during training.")
    checkpoint_every_steps: int = _field(
        0, "Training steps between two checkpoints within an epoch; 0: only after each epoch."
    )
    keep_checkpoints: int = _field(2, "How many of the newest checkpoints to keep.")
    best: str = _field(
        "val_final_error",
        "Column of epochs.csv, a loss or an error, whose lowest value decides checkpoint_best.",
    )

    def __post_init__(self):
        check_types(self)
        allowed = ("float32", "mixed_bfloat16", "mixed_float16")
        _require(
            self.precision in allowed,
            f"precision must be one of {allowed}",
            precision=self.precision,
        )
        allowed = ("one_device", "mirrored", "multi_worker", "tpu")
        _require(
            self.strategy in allowed, f"strategy must be one of {allowed}", strategy=self.strategy
        )
        _require(
            self.virtual_devices >= 0,
            "virtual_devices must not be negative",
            virtual_devices=self.virtual_devices,
        )
        _require(
            not self.virtual_devices or self.strategy == "mirrored",
            "virtual_devices are for strategy mirrored",
            virtual_devices=self.virtual_devices,
            strategy=self.strategy,
        )
        _require(
            not self.jit_compile or self.strategy in ("one_device", "tpu"),
            "XLA compiles the step of one device only; jit_compile needs strategy one_device",
            jit_compile=self.jit_compile,
            strategy=self.strategy,
        )
        _require(
            self.steps_per_call is None or self.steps_per_call >= 1,
            "steps_per_call must be at least 1",
            steps_per_call=self.steps_per_call,
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
    weighting: WeightingConfig = WeightingConfig()  # noqa: RUF009 (frozen, made above)
    training: TrainingConfig = TrainingConfig()
    runtime: RuntimeConfig = RuntimeConfig()

    def __post_init__(self):
        _require(
            not (self.training.distillation and self.weighting.weighting == "opt"),
            "distillation needs exits to teach; opt trains one exit only",
            distillation=self.training.distillation,
            weighting=self.weighting.weighting,
        )
        _require(
            not self.training.drop_path or self.model.model.startswith("resann"),
            "drop_path skips residual units, which only the networks resann-... and resann... have",
            drop_path=self.training.drop_path,
            model=self.model.model,
        )
        _require(
            self.training.accumulate_steps == 1 or self.runtime.strategy == "one_device",
            "Keras accumulates gradients on one device only; use a larger batch_size, which the "
            "replicas divide among them",
            accumulate_steps=self.training.accumulate_steps,
            strategy=self.runtime.strategy,
        )
        _require(
            not (self.runtime.remat and self.training.drop_path),
            "remat computes a segment twice, and drop_path would skip other units the second time",
            remat=self.runtime.remat,
            drop_path=self.training.drop_path,
        )
        _require(
            self.runtime.strategy != "multi_worker"
            or self.training.training_mode not in ("midfeat", "one_by_one"),
            "midfeat and one_by_one train several times and read files in between; they have one "
            "worker",
            training_mode=self.training.training_mode,
            strategy=self.runtime.strategy,
        )
        _require(
            (self.training.training_mode, self.weighting.weighting) != ("equilibrium", "opt"),
            "equilibrium shares gradients out among the exits; opt trains one exit only",
            training_mode=self.training.training_mode,
            weighting=self.weighting.weighting,
        )
        _require(
            not losses.schemes()[self.weighting.weighting].needs_gradient_norms
            or self.training.training_mode not in ("no_grad", "midfeat"),
            f"{self.weighting.weighting} needs the gradients of all exits with respect to the "
            "first segment: no_grad stops them, and midfeat trains the heads alone",
            training_mode=self.training.training_mode,
            weighting=self.weighting.weighting,
        )
        if self.training.training_mode == "one_by_one":
            _require(
                (self.weighting.weighting, self.weighting.sampler) == ("const", None),
                "one_by_one trains one exit at a time: weighting must be const, sampler not set",
                weighting=self.weighting.weighting,
                sampler=self.weighting.sampler,
            )

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Nested dictionary of plain values, as written to a run's `config.json`."""
        return dataclasses.asdict(self)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> RunConfig:
        """The config with these fields, each put into the group it belongs to.

        With `preset="author_code"` the fields that are not given take the authors' values
        (`author_defaults`).

        Raises:
            ValueError: a field is not one of ours, its value is not allowed, or it is not given and
                the authors' way is not available here.

        Example:
            >>> RunConfig.from_fields({"epochs": 3, "preset": "author_code"}).weighting.gamma
            0.07
        """
        for name, value in fields.items():
            if name not in OWNERS:
                raise ValueError(unknown_name("field", name, sorted(OWNERS)))
            check_type(GROUPS[OWNERS[name]], name, value)
        if fields.get("preset") == "author_code":
            papers = cls().to_dict().values()
            defaults = {name: value for group in papers for name, value in group.items()}
            fields = author_defaults(fields, defaults) | dict(fields)
        groups = {name: {} for name in GROUPS}
        for name, value in fields.items():
            groups[OWNERS[name]][name] = value
        return cls(**{name: GROUPS[name](**values) for name, values in groups.items()})

    @classmethod
    def from_dict(cls, values: dict[str, dict[str, Any]]) -> RunConfig:
        """The inverse of `to_dict`; lists that JSON made of tuples become tuples again.

        Raises:
            ValueError: a group or field is not one of ours.
        """
        _require(isinstance(values, dict), f"a config holds {sorted(GROUPS)}", values=values)
        groups = {}
        for name, group in values.items():
            _require(name in GROUPS, f"config groups are {sorted(GROUPS)}", group=name)
            _require(isinstance(group, dict), f"{name} must hold fields", **{name: group})
            fields = {field.name for field in dataclasses.fields(GROUPS[name])}
            unknown = sorted(map(str, set(group) - fields))
            _require(not unknown, f"fields of {name} are {sorted(fields)}", unknown=unknown)
            groups[name] = GROUPS[name](**group)
        return cls(**groups)


GROUPS = {
    "data": DataConfig,
    "model": ModelConfig,
    "weighting": WeightingConfig,
    "training": TrainingConfig,
    "runtime": RuntimeConfig,
}

# Field -> its group. The names are unique over all groups.
OWNERS = {field.name: name for name, group in GROUPS.items() for field in dataclasses.fields(group)}
