"""001 Fig. 5c: small ResANNs with AdaLoss against ones of twice the cost with CONST, SVHN."""

from experiments.harness.declaration import Experiment, Settings
from experiments.papers._networks import PAIRS, QUICK_PAIR, SMALL_PAIR
from experiments.papers._small_against_large import FASTER, PANEL, SAME_END

EXPERIMENT = Experiment(
    source="001 Fig. 5c",
    title="Small networks with AdaLoss against large ones with CONST, SVHN",
    settings={
        "quick": Settings(networks=(QUICK_PAIR,), seeds=3, stand_in="CIFAR-10 in place of SVHN"),
        "small": Settings(networks=(SMALL_PAIR,), datasets=("svhn",), seeds=2),
        "paper": Settings(networks=PAIRS, datasets=("svhn",)),
    },
    claims=(SAME_END, *FASTER),
    **PANEL,
)
