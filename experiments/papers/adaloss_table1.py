"""001 Table 1: increase of the test error over OPT, averaged over ResANNs and data sets."""

from experiments.harness.declaration import Claim, Experiment, Row, Settings
from experiments.papers.networks import CIFAR_AND_SVHN, QUICK, SMALL, TWELVE

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
        "paper": Settings(networks=TWELVE, datasets=CIFAR_AND_SVHN),
    },
    measure="relative_increase",
    against="OPT",
    published="001_table1",
    published_methods={"AdaLoss": "ADALOSS"},
    figures=("increase_bars",),
    claims=(
        Claim("AdaLoss ends below CONST", "AdaLoss", "below", than="CONST"),
        Claim("AdaLoss ends below LINEAR", "AdaLoss", "below", than="LINEAR"),
        Claim("AdaLoss starts above CONST", "AdaLoss", "above", than="CONST", cost=0.25),
        Claim(
            "CONST's gap widens from 1/4 to the end", "CONST", "above", than="CONST", than_cost=0.25
        ),
        Claim(
            "AdaLoss's gap closes from 1/4 to the end",
            "AdaLoss",
            "below",
            than="AdaLoss",
            than_cost=0.25,
        ),
    ),
)
