"""002 Fig. 4: which exits the samplers draw in the course of training."""

from experiments.harness.declaration import AE, END, MILESTONES, Claim, Experiment, Settings
from experiments.papers._networks import QUICK
from experiments.papers._samplers import AANN, AVGL, EXP3, RWM

# With n units in each of 3 stages, the last unit before a transition: 7 and 14 of 21 in the paper.
BEFORE_TRANSITIONS = (1 / 3, 2 / 3)
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
    costs=(*BEFORE_TRANSITIONS, *MILESTONES, AE),
    figures=("probabilities_over_training",),
    claims=(
        *(
            Claim(
                f"{method} learns to draw the last exit more than half of the time",
                method,
                "between",
                cost=END,
                bounds=(0.5, 1.0),
                section="D.5",
            )
            for method in ("EXP3", "RWM")
        ),
        Claim(
            "AVGL draws the last exit more often than the others: than the mean",
            "AVGL",
            "above",
            than="AVGL",
            than_cost=AE,
            section="D.5",
        ),
        Claim("... but less often than RWM", "AVGL", "below", than="RWM", section="D.5"),
        *(
            Claim(
                f"AVGL focuses on the exits before the transitions: layer {layer} above the mean",
                "AVGL",
                "above",
                than="AVGL",
                cost=cost,
                than_cost=AE,
                section="D.5",
            )
            for layer, cost in zip((7, 14), BEFORE_TRANSITIONS, strict=True)
        ),
    ),
)
