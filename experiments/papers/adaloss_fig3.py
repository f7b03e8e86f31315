"""001 Fig. 3: training loss at each exit, relative to a network trained for that exit alone."""

from experiments.harness.declaration import MILESTONES, SPREAD, Claim, Experiment, Row, Settings
from experiments.papers._networks import QUICK

EXPERIMENT = Experiment(
    source="001 Fig. 3",
    title="Relative increase of the training loss over OPT (%), exit by exit",
    rows=(
        Row("OPT", {"weighting": "opt"}, every_exit=True),
        Row("CONST", {"weighting": "const"}),
        Row("Half-End", {"weighting": "half_end"}),
        Row("AdaLoss", {"weighting": "adaloss"}),
    ),
    settings={
        "quick": Settings(networks=(QUICK,), seeds=3, stand_in="CIFAR-10 in place of CIFAR-100"),
        "small": Settings(networks=("resann-n3-c16",), datasets=("cifar10", "cifar100")),
        "paper": Settings(networks=("resann-n5-c16",), datasets=("cifar100",)),
    },
    measure="training_loss_increase",
    against="OPT",
    costs=(*MILESTONES, SPREAD),
    figures=("increase_over_depth",),
    claims=(
        Claim(
            "CONST is increasingly worse than OPT at deep exits",
            "CONST",
            "above",
            than="CONST",
            than_cost=0.25,
        ),
        Claim("AdaLoss is better than CONST at the last exit", "AdaLoss", "below", than="CONST"),
        Claim("... and at 3/4 of the depth", "AdaLoss", "below", than="CONST", cost=0.75),
        Claim(
            "AdaLoss's increase is more even over the exits than CONST's",
            "AdaLoss",
            "below",
            than="CONST",
            cost=SPREAD,
        ),
        Claim("... and than Half-End's", "AdaLoss", "below", than="Half-End", cost=SPREAD),
        Claim(
            "Half-End is better than CONST at the last exit",
            "Half-End",
            "below",
            than="CONST",
            section="3",
        ),
        Claim(
            "Half-End pays for it early",
            "Half-End",
            "above",
            than="CONST",
            cost=0.25,
            section="3",
        ),
        Claim(
            "AdaLoss pays less for it than Half-End", "AdaLoss", "below", than="Half-End", cost=0.25
        ),
    ),
)
