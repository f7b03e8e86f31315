"""001 Fig. 6a: an EANN of ResANNs, trained with AdaLoss or CONST, beside the largest of them and OPT."""

from experiments.harness.declaration import END, MILESTONES, Claim, Experiment, Row, Settings
from experiments.papers.networks import QUICK_SEQUENCE, SMALL_SEQUENCE

EXPERIMENT = Experiment(
    source="001 Fig. 6a",
    title="EANN of AdaLoss and of CONST, at fractions of the largest network's cost",
    rows=(
        Row("EANN, AdaLoss", {"weighting": "adaloss"}, join="eann"),
        Row("EANN, CONST", {"weighting": "const"}, join="eann"),
        Row("ANN, AdaLoss", {"weighting": "adaloss"}, network=-1),
        Row("ANN, CONST", {"weighting": "const"}, network=-1),
        Row("OPT", {"weighting": "opt"}, network=-1),
    ),
    settings={
        "quick": Settings(networks=(QUICK_SEQUENCE,)),
        "small": Settings(networks=(SMALL_SEQUENCE,), datasets=("cifar10", "cifar100")),
        "paper": Settings(
            networks=(tuple(f"resann-n{n}-c32" for n in (7, 13, 25)),), datasets=("cifar100",)
        ),
    },
    rule="closest",
    of_network=-1,
    costs=(*MILESTONES, END),
    figures=("curves",),
    claims=(
        Claim(
            "the EANN is better early than its largest network",
            "EANN, AdaLoss",
            "below",
            than="ANN, AdaLoss",
            cost=0.25,
        ),
        Claim(
            "... and than that with CONST, the best early",
            "EANN, AdaLoss",
            "below",
            than="ANN, CONST",
            cost=0.25,
        ),
        Claim(
            "AdaLoss makes the better EANN", "EANN, AdaLoss", "below", than="EANN, CONST", cost=END
        ),
        Claim(
            "AdaLoss makes the better EANN on the way, too",
            "EANN, AdaLoss",
            "below",
            than="EANN, CONST",
            cost=0.5,
        ),
    ),
)
