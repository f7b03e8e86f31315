"""001 Fig. 1: a small network trained with AdaLoss against a larger one trained with CONST, and OPT
of the larger."""

from experiments.harness.declaration import END, MILESTONES, Claim, Experiment, Row, Settings
from experiments.papers._networks import MEDIUM_PAIR, QUICK_PAIR, SMALL_PAIR

EXPERIMENT = Experiment(
    source="001 Fig. 1",
    title="A small network with AdaLoss outperforms a larger one with CONST",
    rows=(
        Row("OPT, large", {"weighting": "opt"}, network=-1),
        Row("CONST, large", {"weighting": "const"}, network=-1),
        Row("AdaLoss, small", {"weighting": "adaloss"}),
        Row("CONST, small", {"weighting": "const"}),
    ),
    settings={
        "quick": Settings(networks=(QUICK_PAIR,)),
        "small": Settings(networks=(SMALL_PAIR,), seeds=2),
        "medium": Settings(
            networks=(MEDIUM_PAIR,),
            datasets=("cifar100",),
            methods=("CONST, large", "AdaLoss, small", "CONST, small"),
        ),
        "paper": Settings(networks=(("resann-n13-c32", "resann-n25-c32"),), datasets=("cifar100",)),
    },
    rule="latest",
    of_network=-1,
    costs=(*MILESTONES, END),
    figures=("curves",),
    claims=(
        Claim("CONST ends above OPT", "CONST, large", "above", than="OPT, large"),
        Claim(
            "the large network with CONST ends above the small one with AdaLoss",
            "CONST, large",
            "above",
            than="AdaLoss, small",
            cost=END,
            control="CONST, small",
        ),
    ),
)
