"""001 Fig. 5a: small ResANNs with AdaLoss against ones of twice the cost with CONST, CIFAR-10."""

from experiments.harness.declaration import END, Claim, Experiment, Settings
from experiments.papers._networks import MEDIUM_PAIR, PAIRS, QUICK_PAIR, SMALL_PAIR
from experiments.papers._small_against_large import FASTER, LARGE, PANEL, SAME_END, SMALL

EXPERIMENT = Experiment(
    source="001 Fig. 5a",
    title="Small networks with AdaLoss against large ones with CONST, CIFAR-10",
    settings={
        "quick": Settings(networks=(QUICK_PAIR,), seeds=3),
        "small": Settings(networks=(SMALL_PAIR,), seeds=2),
        "medium": Settings(networks=(MEDIUM_PAIR,)),
        "paper": Settings(networks=PAIRS),
    },
    claims=(
        SAME_END,
        Claim(
            "on CIFAR-10 the small ones even end better",
            LARGE,
            "above",
            than=SMALL,
            cost=END,
            section="5.2",
        ),
        *FASTER,
    ),
    **PANEL,
)
