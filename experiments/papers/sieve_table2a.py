"""002 Table 2a: in how many settings AANN and Milestone beat the plain ANN."""

from experiments.harness.declaration import AE, MILESTONES, Claim, Experiment, Settings
from experiments.papers.networks import CIFAR_AND_SVHN, QUICK, SMALL, THIRTEEN
from experiments.papers.samplers import AANN, ANN, MILESTONE

EXPERIMENT = Experiment(
    source="002 Table 2a",
    title="Settings (%) in which a sampler errs less than the plain ANN",
    rows=(ANN, MILESTONE, AANN),
    settings={
        "quick": Settings(networks=(QUICK,), seeds=3),
        "small": Settings(networks=SMALL, datasets=CIFAR_AND_SVHN),
        "paper": Settings(networks=THIRTEEN, datasets=CIFAR_AND_SVHN),
    },
    measure="settings_won",
    against="ANN",
    costs=(*MILESTONES, AE),
    published="002_table2a",
    claims=(
        Claim("AANN wins more than Milestone at the end", "AANN", "above", than="Milestone"),
        Claim(
            "AANN wins more than Milestone on average", "AANN", "above", than="Milestone", cost=AE
        ),
    ),
)
