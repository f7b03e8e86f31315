"""002 Table 2b: increase of the error over OPT, with and without AANN."""

from experiments.harness.declaration import Claim, Experiment, Settings
from experiments.papers.networks import CIFAR_AND_SVHN, QUICK, SMALL, THIRTEEN
from experiments.papers.samplers import AANN, ANN, OPT

EXPERIMENT = Experiment(
    source="002 Table 2b",
    title="Relative increase of the error over OPT (%), averaged over networks and data sets",
    rows=(OPT, ANN, AANN),
    settings={
        "quick": Settings(networks=(QUICK,), seeds=3),
        "small": Settings(networks=SMALL, datasets=CIFAR_AND_SVHN),
        "paper": Settings(networks=THIRTEEN, datasets=CIFAR_AND_SVHN),
    },
    measure="relative_increase",
    against="OPT",
    published="002_table2b",
    claims=(
        Claim(
            "the gap of ANN closes from 1/4 to the end", "ANN", "below", than="ANN", than_cost=0.25
        ),
        Claim("AANN is nearer to OPT at 1/4", "AANN", "below", than="ANN", cost=0.25),
        Claim("AANN is nearer to OPT at 1/2", "AANN", "below", than="ANN", cost=0.5),
        Claim("AANN is nearer to OPT at 3/4", "AANN", "below", than="ANN", cost=0.75),
        Claim("AANN is nearer to OPT at the end", "AANN", "below", than="ANN"),
    ),
)
