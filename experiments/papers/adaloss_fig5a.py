"""001 Fig. 5a: small ResANNs with AdaLoss against ones of twice the cost with CONST, on CIFAR-10."""

from experiments.harness.declaration import Experiment, Settings
from experiments.papers.networks import PAIRS, QUICK_PAIR, SMALL_PAIR
from experiments.papers.small_against_large import PANEL

EXPERIMENT = Experiment(
    source="001 Fig. 5a",
    title="Small networks with AdaLoss against large ones with CONST, CIFAR-10",
    settings={
        "quick": Settings(networks=(QUICK_PAIR,), seeds=3),
        "small": Settings(networks=(SMALL_PAIR,), datasets=("cifar10",), seeds=2),
        "paper": Settings(networks=PAIRS, datasets=("cifar10",)),
    },
    **PANEL,
)
