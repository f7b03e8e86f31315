"""001 Fig. 3: training loss at each exit, relative to a network trained for that exit alone."""

from experiments.harness.declaration import Claim, Experiment, Row, Settings
from experiments.papers.networks import QUICK

EXPERIMENT = Experiment(
    source="001 Fig. 3",
    title="Relative increase of the training loss over OPT, exit by exit",
    rows=(
        Row("OPT", {"weighting": "opt"}, every_exit=True),
        Row("CONST", {"weighting": "const"}),
        Row("Half-End", {"weighting": "half_end"}),
        Row("AdaLoss", {"weighting": "adaloss"}),
    ),
    settings={
        "quick": Settings(networks=(QUICK,), seeds=3),
        "small": Settings(networks=("resann-n3-c16",), datasets=("cifar10", "cifar100")),
        "paper": Settings(networks=("resann-n5-c16",), datasets=("cifar100",)),
    },
    measure="training_loss_increase",
    against="OPT",
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
        Claim("Half-End is better than CONST at the last exit", "Half-End", "below", than="CONST"),
        Claim("Half-End pays for it early", "Half-End", "above", than="CONST", cost=0.25),
        Claim(
            "AdaLoss pays less for it than Half-End", "AdaLoss", "below", than="Half-End", cost=0.25
        ),
    ),
)
