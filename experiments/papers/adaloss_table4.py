"""001 Table 4: the momentum of the running losses in AdaLoss."""

from experiments.papers._ablation import without_effect

EXPERIMENT = without_effect(
    4,
    "Relative increase of the error (%) over momentum 0.9",
    "the momentum",
    field="average_momentum",
    letter="m",
)
