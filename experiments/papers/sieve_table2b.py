"""002 Table 2b: increase of the error over OPT, with and without AANN."""

from experiments.harness.declaration import Claim, Experiment, Settings
from experiments.papers._networks import CIFAR_AND_SVHN, MEDIUM, QUICK, SMALL, THIRTEEN
from experiments.papers._samplers import AANN, ANN, OPT

NAMES = {0.25: "1/4", 0.5: "half", 0.75: "3/4", 1.0: "the end"}
EXPERIMENT = Experiment(
    source="002 Table 2b",
    title="Relative increase of the error over OPT (%), averaged over networks and data sets",
    rows=(OPT, ANN, AANN),
    settings={
        "quick": Settings(networks=(QUICK,), seeds=3),
        "small": Settings(networks=SMALL, datasets=CIFAR_AND_SVHN),
        "medium": Settings(networks=(MEDIUM,), datasets=("cifar100",)),
        "paper": Settings(networks=THIRTEEN, datasets=CIFAR_AND_SVHN),
    },
    measure="relative_increase",
    against="OPT",
    published="002_table2b",
    claims=(
        Claim(
            "the gap of ANN closes from 1/4 to the end",
            "ANN",
            "below",
            than="ANN",
            than_cost=0.25,
            section="4.4",
        ),
        Claim(
            "... to almost none: at most 4 %", "ANN", "between", bounds=(-4.0, 4.0), section="4.4"
        ),
        *(
            Claim(
                f"AANN is nearer to OPT than ANN at {name}",
                "AANN",
                "below",
                than="ANN",
                cost=cost,
                section="4.4",
            )
            for cost, name in NAMES.items()
        ),
    ),
)
