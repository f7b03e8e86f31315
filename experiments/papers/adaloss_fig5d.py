"""001 Fig. 5d: a small network with AdaLoss against a larger one with CONST, ResANNs on ILSVRC."""

from experiments.harness.declaration import Experiment, Settings
from experiments.papers._networks import QUICK_PAIR, SMALL_PAIR
from experiments.papers._small_against_large import FASTER, PANEL, SAME_END

EXPERIMENT = Experiment(
    source="001 Fig. 5d",
    title="A small network with AdaLoss against a large one with CONST, ResANNs on ILSVRC",
    settings={
        "quick": Settings(networks=(QUICK_PAIR,), stand_in="CIFAR-10 in place of ILSVRC"),
        "small": Settings(networks=(SMALL_PAIR,), stand_in="CIFAR-10 in place of ILSVRC"),
        "paper": Settings(networks=(("resann50", "resann101"),), datasets=("imagenet2012",)),
    },
    claims=(SAME_END, *FASTER),
    **PANEL,
)
