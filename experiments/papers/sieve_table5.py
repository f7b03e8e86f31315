"""002 Table 5: in how many settings each sampler beats the plain ANN."""

from experiments.harness.declaration import AE, MILESTONES, Claim, Experiment, Settings
from experiments.papers.networks import CIFAR_AND_SVHN, QUICK, SMALL, THIRTEEN
from experiments.papers.samplers import AANN, ANN, AVGL, EXP3, MILESTONE, RWM

EXPERIMENT = Experiment(
    source="002 Table 5",
    title="Settings (%) in which each sampler errs less than the plain ANN",
    rows=(ANN, EXP3, MILESTONE, RWM, AVGL, AANN),
    settings={
        "quick": Settings(networks=(QUICK,), seeds=3),
        "small": Settings(networks=SMALL, datasets=CIFAR_AND_SVHN),
        "paper": Settings(networks=THIRTEEN, datasets=CIFAR_AND_SVHN),
    },
    measure="settings_won",
    against="ANN",
    costs=(*MILESTONES, AE),
    published="002_table5",
    claims=(
        Claim("AANN wins more than EXP3 at 1/4", "AANN", "above", than="EXP3", cost=0.25),
        Claim("AANN wins more than RWM at 1/4", "AANN", "above", than="RWM", cost=0.25),
        Claim("AANN wins more than AVGL at the end", "AANN", "above", than="AVGL"),
        Claim("Milestone loses at the end", "Milestone", "below", than="ANN"),
    ),
)
