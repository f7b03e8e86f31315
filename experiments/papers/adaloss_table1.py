"""001 Table 1: increase of the test error over OPT, averaged over ResANNs and data sets."""

from experiments.harness.declaration import Claim, Experiment, Row, Settings
from experiments.papers._networks import CIFAR, CIFAR_AND_SVHN, MEDIUM, QUICK, SMALL, TWELVE

NAMES = {0.25: "1/4", 0.5: "half", 0.75: "3/4", 1.0: "the end"}
LATER_HALF = (0.5, 0.75, 1.0)
EXPERIMENT = Experiment(
    source="001 Table 1",
    title="Relative increase of the error over OPT (%), averaged over networks and data sets",
    rows=(
        Row("OPT", {"weighting": "opt"}),
        Row("CONST", {"weighting": "const"}),
        Row("LINEAR", {"weighting": "linear"}),
        Row("AdaLoss", {"weighting": "adaloss"}),
    ),
    settings={
        "quick": Settings(networks=(QUICK,), seeds=3),
        "small": Settings(networks=SMALL, datasets=CIFAR_AND_SVHN, seeds=2),
        "medium": Settings(networks=(MEDIUM,), datasets=CIFAR, seeds=3),
        "paper": Settings(networks=TWELVE, datasets=CIFAR_AND_SVHN),
    },
    measure="relative_increase",
    against="OPT",
    published="001_table1",
    published_methods={"AdaLoss": "ADALOSS"},
    figures=("increase_bars",),
    claims=(
        *(
            Claim(
                f"AdaLoss is below {other} at {NAMES[cost]}",
                "AdaLoss",
                "below",
                than=other,
                cost=cost,
                section="5.2",
            )
            for other in ("CONST", "LINEAR")
            for cost in LATER_HALF
        ),
        *(
            Claim(
                f"CONST has the best early predictions: below {other} at 1/4",
                "CONST",
                "below",
                than=other,
                cost=0.25,
                section="5.3",
            )
            for other in ("AdaLoss", "LINEAR")
        ),
        *(
            Claim(
                f"CONST makes 15 to 18 % more errors than OPT, at {NAMES[cost]}",
                "CONST",
                "between",
                cost=cost,
                bounds=(14.5, 19.5),
                section="5.2",
            )
            for cost in NAMES
        ),
        *(
            Claim(
                f"LINEAR makes about 13 % more errors in the later half, at {NAMES[cost]}",
                "LINEAR",
                "between",
                cost=cost,
                bounds=(11.5, 14.5),
                section="5.2",
            )
            for cost in LATER_HALF
        ),
        Claim(
            "CONST's gap widens from 1/4 to the end",
            "CONST",
            "above",
            than="CONST",
            than_cost=0.25,
            section="5.2",
        ),
        Claim(
            "AdaLoss's gap closes from 1/4 to the end",
            "AdaLoss",
            "below",
            than="AdaLoss",
            than_cost=0.25,
            section="4",
        ),
    ),
)
