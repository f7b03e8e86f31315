"""The options of a training recipe beyond the papers' own, all off by default (docs/recipe.md)."""

import dataclasses
from typing import TYPE_CHECKING

from ann.runs.fields import field, require, require_unused

OPTIMIZERS = ("sgd", "adamw")
SCHEDULES = ("steps", "cosine")
DECAY_ON = ("kernels", "all", "author_code")
_OF_BATCHES = ("randaugment", "random_erasing", "mixup", "cutmix")


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataRecipe:
    """Stronger augmentation, on top of that of the data set."""

    if TYPE_CHECKING:
        augment: bool  # of `DataConfig`

    randaugment: int = field(
        0, "RandAugment: random operations per image; 0 for none. For RGB images only."
    )
    randaugment_magnitude: float = field(
        0.5, "RandAugment: strength of each operation, as a share of its range, 0 to 1."
    )
    random_erasing: float = field(
        0.0, "Probability that a random rectangle of an image is replaced by noise."
    )
    mixup: float = field(
        0.0, "Mixup: alpha of the Beta distribution that mixes two images; 0 for none."
    )
    cutmix: float = field(
        0.0,
        "CutMix: alpha of the Beta distribution of the area cut out of another image; 0 for none. "
        "With mixup, each batch gets one of the two, chosen at random.",
    )

    @property
    def augments_batches(self) -> bool:
        """Whether any of this is done to the batches of a run."""
        return any(getattr(self, name) for name in _OF_BATCHES)

    def check_recipe(self) -> None:
        """Raises where an option is out of range, or has no effect.

        Raises:
            ValueError: the option and why.
        """
        require(
            self.randaugment >= 0, "randaugment must not be negative", randaugment=self.randaugment
        )
        for name in ("randaugment_magnitude", "random_erasing"):
            value = getattr(self, name)
            require(0 <= value <= 1, f"{name} must be in [0, 1]", **{name: value})
        for name in ("mixup", "cutmix"):
            value = getattr(self, name)
            require(0 <= value < float("inf"), f"{name} must not be negative", **{name: value})
        if not self.randaugment:
            require_unused(self, ["randaugment_magnitude"], "it needs randaugment")
        if not self.augment:
            require_unused(self, _OF_BATCHES, "augment is off, which leaves the images as they are")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingRecipe:
    """Schedule, optimizer, averaged weights, targets and regularization."""

    if TYPE_CHECKING:
        epochs: int  # of `TrainingConfig`

    schedule: str = field(
        "steps",
        "Learning rate: steps (lr_drop_at, lr_drop_to), or cosine: half a cosine down to 0.",
    )
    warmup_epochs: float = field(
        0.0, "Epochs over which the learning rate rises linearly to its schedule."
    )
    base_batch_size: int | None = field(
        None,
        "sgd: batch size that learning_rate is meant for; it is multiplied by the images of one "
        "update of the weights over this number. Default: learning_rate as it is.",
    )
    optimizer: str = field(
        "sgd", "sgd with momentum and l2, or adamw with weight_decay (betas 0.9 and 0.999)."
    )
    nesterov: bool = field(False, "sgd: Nesterov's momentum.")
    weight_decay: float = field(
        0.0,
        "adamw: decoupled decay; each step subtracts learning rate * weight_decay * w from each "
        "kernel w.",
    )
    decay_on: str = field(
        "kernels",
        "What l2 or weight_decay applies to: kernels; all: also biases and normalization; "
        "author_code, for l2 only: kernels and the biases of the heads, where the linear layer of "
        "an exit decays in proportion to its static weight (that of SIEVE if the weighting is "
        "adaptive).",
    )
    ema: float = field(
        0.0,
        "Momentum of an exponential average of the weights, for example 0.999; 0 for none. The "
        "averaged weights are evaluated and saved as the model.",
    )
    label_smoothing: float = field(0.0, "Share of each label that is spread over all classes.")
    distillation: float = field(
        0.0,
        "Share of the loss of each earlier exit that is its divergence from the final exit; "
        "0 for none.",
    )
    distillation_temperature: float = field(
        3.0, "Distillation: the divisor of the logits before the softmax."
    )
    drop_path: float = field(
        0.0,
        "Probability with which training skips the last residual unit; it falls linearly to 0 "
        "towards the first unit. For resann networks only.",
    )

    def check_recipe(self) -> None:
        """Raises where an option is out of range, or has no effect.

        Raises:
            ValueError: the option and why.
        """
        for name, allowed in (
            ("schedule", SCHEDULES),
            ("optimizer", OPTIMIZERS),
            ("decay_on", DECAY_ON),
        ):
            value = getattr(self, name)
            require(value in allowed, f"{name} must be one of {allowed}", **{name: value})
        for name in ("ema", "label_smoothing", "drop_path"):
            value = getattr(self, name)
            require(0 <= value < 1, f"{name} must be in [0, 1)", **{name: value})
        require(
            0 <= self.distillation <= 1,
            "distillation must be in [0, 1]",
            distillation=self.distillation,
        )
        for name in ("warmup_epochs", "weight_decay"):
            value = getattr(self, name)
            require(0 <= value < float("inf"), f"{name} must not be negative", **{name: value})
        require(
            self.base_batch_size is None or self.base_batch_size >= 1,
            "base_batch_size must be at least 1",
            base_batch_size=self.base_batch_size,
        )
        temperature = self.distillation_temperature
        require(
            0 < temperature < float("inf"),
            "distillation_temperature must be positive",
            distillation_temperature=temperature,
        )
        require(
            self.warmup_epochs <= self.epochs,
            "warmup_epochs must not exceed epochs",
            warmup_epochs=self.warmup_epochs,
            epochs=self.epochs,
        )
        self._check_combinations()

    def _check_combinations(self):
        if self.schedule == "cosine":
            require_unused(self, ["lr_drop_at", "lr_drop_to"], "schedule is cosine")
        if self.optimizer == "sgd":
            require_unused(self, ["weight_decay"], "optimizer is sgd, which has l2")
        else:
            names = ["momentum", "l2", "nesterov"]
            require_unused(self, names, "optimizer is adamw, which has weight_decay")
            require(
                self.base_batch_size is None,
                "base_batch_size scales the learning rate as is right for sgd; give adamw its own",
                base_batch_size=self.base_batch_size,
                optimizer=self.optimizer,
            )
            require(
                self.decay_on != "author_code",
                "decay_on 'author_code' needs the optimizer sgd",
                decay_on=self.decay_on,
                optimizer=self.optimizer,
            )
        if not self.distillation:
            require_unused(self, ["distillation_temperature"], "it needs distillation")
        require(
            not (self.nesterov and self.momentum == 0),
            "nesterov needs momentum",
            nesterov=self.nesterov,
            momentum=self.momentum,
        )
        require(
            not (self.distillation and self.training_mode == "midfeat"),
            "distillation needs all exits trained together; midfeat trains the final exit alone",
            distillation=self.distillation,
            training_mode=self.training_mode,
        )
        require(
            not (self.drop_path and self.training_mode in ("midfeat", "one_by_one")),
            f"drop_path cannot be used with {self.training_mode}, which trains on frozen features",
            drop_path=self.drop_path,
            training_mode=self.training_mode,
        )
        if self.training_mode == "one_by_one":
            require_unused(self, ["distillation"], "one_by_one trains one exit at a time")
            require(
                self.decay_on != "author_code",
                "decay_on 'author_code' weighs exits that are trained together",
                decay_on=self.decay_on,
                training_mode=self.training_mode,
            )
