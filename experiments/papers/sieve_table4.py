"""002 Table 4 (and Fig. 3): how often a network predicts."""

from experiments.harness.declaration import AE, MILESTONES, Claim, Experiment, Row, Settings
from experiments.papers.networks import QUICK

EXPERIMENT = Experiment(
    source="002 Table 4, Fig. 3",
    title="Errors (%) with a prediction every s units; the width is not printed, c = 16 is ours",
    # 1 is the period of these networks: named, the run would not be that of the other tables.
    rows=tuple(
        Row(f"s={s}", {"weighting": "sieve"} | ({"s": s} if s > 1 else {}))
        for s in (1, 2, 3, 4, 5, 7, 8, 10)
    ),
    settings={
        "quick": Settings(
            networks=(QUICK,), methods=("s=1", "s=2", "s=3"), stand_ins={QUICK: "resann-n7"}
        ),
        "small": Settings(
            networks=("resann-n7-c16",),
            methods=("s=1", "s=2", "s=3", "s=5"),
            stand_ins={"resann-n7-c16": "resann-n7"},
        ),
        "paper": Settings(
            networks=tuple(f"resann-n{n}-c16" for n in (7, 9, 13)),
            datasets=("cifar100",),
            stand_ins={f"resann-n{n}-c16": f"resann-n{n}" for n in (7, 9, 13)},
        ),
    },
    rule="latest",
    lines=("networks",),
    costs=(AE, *MILESTONES),
    published="002_table4",
    published_by="s",
    figures=("curves",),
    claims=(
        Claim(
            "the final error does not depend on s, within 2 points",
            "s=3",
            "about",
            than="s=1",
            within=2.0,
        ),
        Claim("fewer predictions are better on average", "s=3", "below", than="s=1", cost=AE),
    ),
)
