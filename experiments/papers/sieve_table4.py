"""002 Table 4 and Fig. 3: how often a network predicts."""

from experiments.harness.declaration import AE, MILESTONES, Claim, Experiment, Row, Settings
from experiments.papers._networks import QUICK

PERIODS = (1, 2, 3, 4, 5, 7, 8, 10)
LARGEST = {"resann-n9": 7, "resann-n13": 10}


def _where(model):
    return {"where": {"networks": model}, "section": "B"}


EXPERIMENT = Experiment(
    source="002 Table 4, Fig. 3",
    title="Errors (%) with a prediction every s units; the width is not printed, c = 16 is ours",
    # 1 is the period of these networks: named, the run would not be that of the other tables.
    rows=tuple(
        Row(f"s={s}", {"weighting": "sieve"} | ({"s": s} if s > 1 else {})) for s in PERIODS
    ),
    settings={
        "quick": Settings(
            networks=(QUICK,),
            methods=("s=1", "s=2", "s=3"),
            replaces={QUICK: "resann-n7"},
            stand_in="CIFAR-10 in place of CIFAR-100",
        ),
        "small": Settings(
            networks=("resann-n7-c16",),
            datasets=("cifar100",),
            methods=("s=1", "s=2", "s=3", "s=5"),
            replaces={"resann-n7-c16": "resann-n7"},
        ),
        "paper": Settings(
            networks=tuple(f"resann-n{n}-c16" for n in (7, 9, 13)),
            datasets=("cifar100",),
            replaces={f"resann-n{n}-c16": f"resann-n{n}" for n in (7, 9, 13)},
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
            "the final error is near-optimal whatever s: s=3 within a point of s=1",
            "s=3",
            "about",
            than="s=1",
            within=1.0,
            section="B",
        ),
        Claim(
            "n=7, s=5: the milestone at half is right before a prediction, and suffers",
            "s=5",
            "above",
            than="s=1",
            cost=0.5,
            **_where("resann-n7"),
        ),
        *(
            Claim(
                f"n={model[8:]}: fewer predictions are better {name}, s={s} than s=1",
                f"s={s}",
                "below",
                than="s=1",
                cost=cost,
                **_where(model),
            )
            for model, s in LARGEST.items()
            for cost, name in (
                (AE, "on average"),
                (0.25, "at 1/4"),
                (0.5, "at half"),
                (0.75, "at 3/4"),
            )
        ),
    ),
)
