"""001 Fig. 5b: small ResANNs with AdaLoss against ones of twice the cost with CONST, CIFAR-100."""

from experiments.harness.declaration import Experiment, Settings
from experiments.papers._networks import MEDIUM_PAIR, PAIRS, QUICK_PAIR, SMALL_PAIR
from experiments.papers._small_against_large import FASTER, PANEL, SAME_END

EXPERIMENT = Experiment(
    source="001 Fig. 5b",
    title="Small networks with AdaLoss against large ones with CONST, CIFAR-100",
    settings={
        "quick": Settings(
            networks=(QUICK_PAIR,), seeds=3, stand_in="CIFAR-10 in place of CIFAR-100"
        ),
        "small": Settings(networks=(SMALL_PAIR,), datasets=("cifar100",), seeds=2),
        "medium": Settings(networks=(MEDIUM_PAIR,), datasets=("cifar100",)),
        "paper": Settings(networks=PAIRS, datasets=("cifar100",)),
    },
    claims=(SAME_END, *FASTER),
    **PANEL,
)
