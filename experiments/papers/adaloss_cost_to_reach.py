"""001 section 5.2 on Fig. 5: with AdaLoss a small network reaches each error level faster than a
large one with CONST."""

from experiments.harness.declaration import MILESTONES, Claim, Experiment, Settings
from experiments.papers._networks import (
    CIFAR,
    CIFAR_AND_SVHN,
    MEDIUM_PAIR,
    PAIRS,
    QUICK_PAIR,
    SMALL_PAIR,
)
from experiments.papers._small_against_large import CONTROL, LARGE, ROWS, SMALL

EXPERIMENT = Experiment(
    source="001 section 5.2",
    title="Cost at which a network first has the error of the small one with AdaLoss at a fraction "
    "of its cost, in units of that cost",
    rows=ROWS,
    settings={
        "quick": Settings(networks=(QUICK_PAIR,), seeds=3),
        "small": Settings(networks=(SMALL_PAIR,), datasets=CIFAR_AND_SVHN, seeds=2),
        "medium": Settings(networks=(MEDIUM_PAIR,), datasets=CIFAR),
        "paper": Settings(networks=PAIRS, datasets=CIFAR_AND_SVHN),
    },
    measure="cost_to_reach",
    against=SMALL,
    rule="latest",
    of_network=0,
    claims=tuple(
        Claim(
            f"the large network needs longer for the error that the small one has at {name} of its "
            "cost",
            LARGE,
            "above",
            than=SMALL,
            cost=cost,
            control=CONTROL,
        )
        for cost, name in zip(MILESTONES, ("1/4", "half", "3/4", "all"), strict=True)
    ),
)
