"""001 Table 5: how often AdaLoss updates its weights."""

from experiments.harness.declaration import Claim, Experiment, Row, Settings
from experiments.papers.networks import ABLATION, QUICK

EXPERIMENT = Experiment(
    source="001 Table 5",
    title="Relative increase of the error (%) over an update at every step",
    rows=(
        Row("e=1", {"weighting": "adaloss"}),
        Row("e=100", {"weighting": "adaloss", "update_every": 100}),
    ),
    settings={
        "quick": Settings(networks=(QUICK,), seeds=3),
        "small": Settings(networks=("resann-n3-c16",), datasets=("cifar10", "cifar100"), seeds=2),
        "paper": Settings(networks=ABLATION, datasets=("cifar10", "cifar100")),
    },
    measure="relative_increase",
    against="e=1",
    published="001_table5",
    claims=(
        Claim(
            "the period of the updates does not matter at 1/4, within 2 %",
            "e=100",
            "about",
            cost=0.25,
            within=2.0,
        ),
        Claim("... nor at the end", "e=100", "about", within=2.0),
    ),
)
