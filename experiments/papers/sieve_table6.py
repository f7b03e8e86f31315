"""002 Table 6: errors of every sampler, network by network."""

from experiments.harness.declaration import AE, MILESTONES, Claim, Experiment, Settings
from experiments.papers._networks import CIFAR_AND_SVHN, QUICK, SMALL, THIRTEEN
from experiments.papers._samplers import AANN, ANN, AVGL, EXP3, MILESTONE, OPT, RWM

EXPERIMENT = Experiment(
    source="002 Table 6",
    title="Errors (%) of OPT, of the plain ANN and of every sampler",
    rows=(OPT, ANN, EXP3, MILESTONE, RWM, AVGL, AANN),
    settings={
        "quick": Settings(networks=(QUICK,), seeds=3, replaces={QUICK: "resann-n9-c16"}),
        "small": Settings(networks=SMALL, datasets=CIFAR_AND_SVHN),
        "paper": Settings(networks=THIRTEEN, datasets=CIFAR_AND_SVHN),
    },
    lines=("dataset", "networks"),
    costs=(*MILESTONES, AE),
    published="002_table6",
    claims=(
        Claim(
            "Milestone is inferior to the plain ANN: ends above it",
            "Milestone",
            "above",
            than="ANN",
            section="E",
        ),
    ),
)
