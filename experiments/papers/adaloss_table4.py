"""001 Table 4: the momentum of the running losses in AdaLoss."""

from experiments.harness.declaration import Claim, Experiment, Row, Settings
from experiments.papers.networks import ABLATION, QUICK

EXPERIMENT = Experiment(
    source="001 Table 4",
    title="Relative increase of the error (%) over momentum 0.9",
    rows=(
        Row("m=0.9", {"weighting": "adaloss"}),
        Row("m=0.99", {"weighting": "adaloss", "average_momentum": 0.99}),
    ),
    settings={
        "quick": Settings(networks=(QUICK,), seeds=3),
        "small": Settings(networks=("resann-n3-c16",), datasets=("cifar10", "cifar100"), seeds=2),
        "paper": Settings(networks=ABLATION, datasets=("cifar10", "cifar100")),
    },
    measure="relative_increase",
    against="m=0.9",
    published="001_table4",
    claims=(
        Claim(
            "the momentum does not matter at 1/4, within 2 %",
            "m=0.99",
            "about",
            cost=0.25,
            within=2.0,
        ),
        Claim("... nor at the end", "m=0.99", "about", within=2.0),
    ),
)
