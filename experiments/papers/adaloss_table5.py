"""001 Table 5: how often AdaLoss updates its weights."""

from experiments.harness.declaration import Claim, Experiment, Row
from experiments.papers._ablation import settings_of

NAMES = {0.25: "1/4", 0.5: "half", 0.75: "3/4", 1.0: "the end"}
EXPERIMENT = Experiment(
    source="001 Table 5",
    title="Relative increase of the error (%) over an update at every step",
    rows=(
        Row("e=1", {"weighting": "adaloss", "update_every": 1}),
        Row("e=100", {"weighting": "adaloss", "update_every": 100}),
    ),
    settings=settings_of("update_every"),
    measure="relative_increase",
    against="e=1",
    published="001_table5",
    claims=tuple(
        Claim(
            f"the period of the updates does not matter at {name}: less than 1 % on average",
            "e=100",
            "between",
            cost=cost,
            bounds=(-1.0, 1.0),
            section="C.2",
        )
        for cost, name in NAMES.items()
    ),
)
