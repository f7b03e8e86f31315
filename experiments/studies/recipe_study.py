"""What each part of a recipe of today is worth, exit by exit: everything off, each part alone, and
all that go together.

Which parts help is known once each is measured alone. The row of those together is added then: the
parts that helped, by name.
"""

from experiments.harness.declaration import AE, FIRST, MILESTONES, Claim, Experiment, Row, Settings

OFF = "everything off"
STRONG_AUGMENTATION = {
    "mixup": {"mixup": 0.2},
    "cutmix": {"cutmix": 1.0},
    "random erasing": {"random_erasing": 0.25},
    "randaugment": {"randaugment": 2},
}
PARTS = {
    "cosine with warm-up": {"schedule": "cosine", "warmup_epochs": 1.0},
    "label smoothing": {"label_smoothing": 0.1},
    "average of the weights": {"ema": 0.999},
    **STRONG_AUGMENTATION,
    "self-distillation": {"distillation": 0.5},
    "gradient equilibrium": {"training_mode": "equilibrium"},
    "drop path": {"drop_path": 0.1},
    "adamw": {"optimizer": "adamw", "learning_rate": 0.001, "weight_decay": 0.05},
    "nesterov": {"nesterov": True},
    "decay on all": {"decay_on": "all"},
}
_ADALOSS = {"weighting": "adaloss"}
# All parts but AdamW, which takes the place of SGD, and decay on all, which is off in every recipe.
_TOGETHER = {
    field: value
    for part, fields in PARTS.items()
    if part not in ("adamw", "decay on all")
    for field, value in fields.items()
}

EXPERIMENT = Experiment(
    source="our study of the recipe",
    title="Errors (%) with each part of a recipe of today alone, and with all of them",
    rows=(
        Row(OFF, _ADALOSS),
        *(Row(part, _ADALOSS | fields) for part, fields in PARTS.items()),
        Row("all together", _ADALOSS | _TOGETHER),
    ),
    settings={
        "quick": Settings(networks=("resann-n3-c8",)),
        "small": Settings(
            networks=("resann-n5-c16",),
            datasets=("cifar100",),
            seeds=2,
            fields={"train_examples": 10_000},
        ),
        "paper": Settings(networks=("resann-n9-c16",), datasets=("cifar100",)),
    },
    costs=(FIRST, *MILESTONES, AE),
    figures=("curves",),
    claims=(
        *(Claim(f"{part} ends below everything off", part, "below", than=OFF) for part in PARTS),
        Claim("all together end below everything off", "all together", "below", than=OFF),
        *(
            Claim(f"{part} hurts the first exit", part, "above", than=OFF, cost=FIRST)
            for part in STRONG_AUGMENTATION
        ),
    ),
)
