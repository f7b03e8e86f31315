"""001 Fig. 5b: small ResANNs with AdaLoss against ones of twice the cost with CONST, on CIFAR-100."""

from experiments.harness.declaration import Experiment, Settings
from experiments.papers.networks import PAIRS, QUICK_PAIR, SMALL_PAIR
from experiments.papers.small_against_large import PANEL

EXPERIMENT = Experiment(
    source="001 Fig. 5b",
    title="Small networks with AdaLoss against large ones with CONST, CIFAR-100",
    settings={
        "quick": Settings(networks=(QUICK_PAIR,), seeds=3),
        "small": Settings(networks=(SMALL_PAIR,), datasets=("cifar100",), seeds=2),
        "paper": Settings(networks=PAIRS, datasets=("cifar100",)),
    },
    **PANEL,
)
