"""001 Table 5: how often AdaLoss updates its weights."""

from experiments.papers._ablation import without_effect

EXPERIMENT = without_effect(
    5,
    "Relative increase of the error (%) over an update at every step",
    "the period of the updates",
    field="update_every",
    letter="e",
)
