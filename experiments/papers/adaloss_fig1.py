"""001 Fig. 1: a small network trained with AdaLoss against a larger one trained with CONST, and OPT of the larger."""

from experiments.harness.declaration import END, MILESTONES, Claim, Experiment, Row, Settings
from experiments.papers.networks import QUICK_PAIR, SMALL_PAIR

EXPERIMENT = Experiment(
    source="001 Fig. 1",
    title="A small network with AdaLoss outperforms a larger one with CONST",
    rows=(
        Row("OPT, large", {"weighting": "opt"}, network=-1),
        Row("CONST, large", {"weighting": "const"}, network=-1),
        Row("AdaLoss, small", {"weighting": "adaloss"}),
    ),
    settings={
        "quick": Settings(networks=(QUICK_PAIR,)),
        "small": Settings(networks=(SMALL_PAIR,), seeds=2),
        "paper": Settings(networks=(("resann-n13-c32", "resann-n25-c32"),), datasets=("cifar100",)),
    },
    rule="closest",
    of_network=-1,
    costs=(*MILESTONES, END),
    figures=("curves",),
    claims=(
        Claim("CONST ends above OPT", "CONST, large", "above", than="OPT, large"),
        Claim(
            "the small network ends below the large one with CONST",
            "AdaLoss, small",
            "below",
            than="CONST, large",
            cost=END,
        ),
    ),
)
