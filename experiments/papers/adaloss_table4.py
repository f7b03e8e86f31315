"""001 Table 4: the momentum of the running losses in AdaLoss."""

from experiments.harness.declaration import Claim, Experiment, Row
from experiments.papers._ablation import settings_of

NAMES = {0.25: "1/4", 0.5: "half", 0.75: "3/4", 1.0: "the end"}
EXPERIMENT = Experiment(
    source="001 Table 4",
    title="Relative increase of the error (%) over momentum 0.9",
    rows=(
        Row("m=0.9", {"weighting": "adaloss", "average_momentum": 0.9}),
        Row("m=0.99", {"weighting": "adaloss", "average_momentum": 0.99}),
    ),
    settings=settings_of("average_momentum"),
    measure="relative_increase",
    against="m=0.9",
    published="001_table4",
    claims=tuple(
        Claim(
            f"the momentum does not matter at {name}: less than 1 % on average",
            "m=0.99",
            "between",
            cost=cost,
            bounds=(-1.0, 1.0),
            section="C.2",
        )
        for cost, name in NAMES.items()
    ),
)
