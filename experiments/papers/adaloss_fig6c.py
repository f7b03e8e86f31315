"""001 Fig. 6c: the weights that AdaLoss ends with on easier and harder data."""

from experiments.harness.declaration import AE, MILESTONES, Claim, Experiment, Row, Settings
from experiments.papers._networks import CIFAR, CIFAR_AND_SVHN, MEDIUM, QUICK


def _less_early(harder, easier, text, cost=0.25, section="5.4"):
    return Claim(
        text,
        "AdaLoss",
        "below",
        than="AdaLoss",
        cost=cost,
        where={"dataset": harder},
        than_where={"dataset": easier},
        section=section,
    )


EXPERIMENT = Experiment(
    source="001 Fig. 6c",
    title="AdaLoss weights of the same network at the end of training; the largest is 1",
    rows=(Row("AdaLoss", {"weighting": "adaloss"}),),
    settings={
        "quick": Settings(networks=(QUICK,), datasets=("digits", "cifar10")),
        "small": Settings(networks=("resann-n5-c16",), datasets=CIFAR_AND_SVHN),
        "medium": Settings(networks=(MEDIUM,), datasets=CIFAR, seeds=3),
        "paper": Settings(networks=("resann-n25-c32",), datasets=CIFAR_AND_SVHN),
    },
    measure="weight",
    lines=("dataset",),
    costs=(*MILESTONES, AE),
    figures=("weights_over_depth",),
    claims=(
        _less_early("cifar100", "svhn", "harder data, less weight early: CIFAR-100 below SVHN"),
        _less_early("cifar10", "svhn", "CIFAR-10 is between them: below SVHN"),
        _less_early("cifar100", "cifar10", "... and CIFAR-100 is below CIFAR-10"),
        _less_early(
            "cifar100",
            "svhn",
            "on harder data the weights are more concentrated on the last exits: a smaller mean",
            cost=AE,
        ),
    ),
)
