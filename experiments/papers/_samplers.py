"""Rows that 002's comparisons of samplers share."""

from experiments.harness.declaration import AE, MILESTONES, Row, Settings
from experiments.papers._networks import CIFAR_AND_SVHN, QUICK, SMALL, THIRTEEN

ANN = Row("ANN", {"weighting": "sieve"})
AANN = Row("AANN", {"weighting": "sieve", "sampler": "aann"})
MILESTONE = Row("Milestone", {"weighting": "sieve", "sampler": "milestone"})
EXP3 = Row("EXP3", {"weighting": "sieve", "sampler": "exp3"})
RWM = Row("RWM", {"weighting": "sieve", "sampler": "rwm"})
AVGL = Row("AVGL", {"weighting": "sieve", "sampler": "avgl"})
OPT = Row("OPT", {"weighting": "opt"})

# 002 Tables 2a and 5: in how many settings a sampler beats the plain ANN.
WON_AGAINST_ANN = {
    "settings": {
        "quick": Settings(networks=(QUICK,), seeds=3),
        "small": Settings(networks=SMALL, datasets=CIFAR_AND_SVHN),
        "paper": Settings(networks=THIRTEEN, datasets=CIFAR_AND_SVHN),
    },
    "measure": "settings_won",
    "against": "ANN",
    "costs": (*MILESTONES, AE),
}
