"""001 Table 3: the share gamma of constant weights in AdaLoss."""

from experiments.harness.declaration import Claim, Experiment, Row, Settings
from experiments.papers.networks import ABLATION, QUICK

EXPERIMENT = Experiment(
    source="001 Table 3",
    title="Relative increase of the error (%) over gamma = 0",
    rows=(
        Row("gamma=0.0", {"weighting": "adaloss", "gamma": 0.0}),
        Row("gamma=0.05", {"weighting": "adaloss"}),
        Row("gamma=0.15", {"weighting": "adaloss", "gamma": 0.15}),
    ),
    settings={
        "quick": Settings(networks=(QUICK,), seeds=3),
        "small": Settings(networks=("resann-n3-c16",), datasets=("cifar10", "cifar100"), seeds=2),
        "paper": Settings(networks=ABLATION, datasets=("cifar10", "cifar100")),
    },
    measure="relative_increase",
    against="gamma=0.0",
    published="001_table3",
    claims=(
        Claim("a little gamma helps the early exits much", "gamma=0.05", "below", cost=0.25),
        Claim("... and costs little at the end", "gamma=0.05", "about", within=5.0),
        Claim(
            "more gamma helps them little more",
            "gamma=0.15",
            "about",
            than="gamma=0.05",
            cost=0.25,
            within=5.0,
        ),
        Claim("... and costs more at the end", "gamma=0.15", "above", than="gamma=0.05"),
    ),
)
