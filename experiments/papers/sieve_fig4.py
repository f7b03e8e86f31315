"""002 Fig. 4: which exits the samplers draw in the course of training."""

from experiments.harness.declaration import Claim, Experiment, Settings
from experiments.papers.networks import QUICK
from experiments.papers.samplers import AANN, AVGL, EXP3, RWM

EXPERIMENT = Experiment(
    source="002 Fig. 4",
    title="Probability of each exit to be drawn at the end of training",
    rows=(EXP3, RWM, AVGL, AANN),
    settings={
        "quick": Settings(networks=(QUICK,), seeds=3),
        "small": Settings(networks=("resann-n5-c16",)),
        "paper": Settings(networks=("resann-n7-c32",)),
    },
    measure="probability",
    figures=("probabilities_over_training",),
    claims=(
        Claim(
            "RWM draws the last exit more often than AANN, which draws it half of the time",
            "RWM",
            "above",
            than="AANN",
        ),
        Claim("EXP3 does, too", "EXP3", "above", than="AANN"),
        Claim(
            "AVGL draws the last exit more often than the one at 1/2",
            "AVGL",
            "above",
            than="AVGL",
            than_cost=0.5,
        ),
        Claim("... but less often than RWM", "AVGL", "below", than="RWM"),
    ),
)
