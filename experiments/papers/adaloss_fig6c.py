"""001 Fig. 6c: the weights that AdaLoss ends with on easier and harder data."""

from experiments.harness.declaration import Claim, Experiment, Row, Settings
from experiments.papers.networks import CIFAR_AND_SVHN, QUICK

EXPERIMENT = Experiment(
    source="001 Fig. 6c",
    title="AdaLoss weights of the same network at the end of training; the largest is 1",
    rows=(Row("AdaLoss", {"weighting": "adaloss"}),),
    settings={
        "quick": Settings(networks=(QUICK,), datasets=("digits", "cifar10")),
        "small": Settings(networks=("resann-n5-c16",), datasets=CIFAR_AND_SVHN),
        "paper": Settings(networks=("resann-n25-c32",), datasets=CIFAR_AND_SVHN),
    },
    measure="weight",
    lines=("dataset",),
    figures=("weights_over_depth",),
    claims=(
        Claim(
            "on harder data early exits get less: CIFAR-100 below SVHN",
            "AdaLoss",
            "below",
            than="AdaLoss",
            cost=0.25,
            where={"dataset": "cifar100"},
            than_where={"dataset": "svhn"},
        ),
        Claim(
            "on harder data early exits get less: CIFAR-10 below digits (ours)",
            "AdaLoss",
            "below",
            than="AdaLoss",
            cost=0.25,
            where={"dataset": "cifar10"},
            than_where={"dataset": "digits"},
        ),
    ),
)
