"""001 Fig. 5e: a small network with AdaLoss against a larger one with CONST, MSDNets on ILSVRC."""

from experiments.harness.declaration import Experiment, Settings
from experiments.papers.networks import QUICK_MSDNETS, SMALL_MSDNETS
from experiments.papers.small_against_large import PANEL

EXPERIMENT = Experiment(
    source="001 Fig. 5e",
    title="A small network with AdaLoss against a large one with CONST, MSDNets on ILSVRC",
    settings={
        "quick": Settings(networks=(QUICK_MSDNETS,)),
        "small": Settings(networks=(SMALL_MSDNETS,)),
        "paper": Settings(networks=(("msdnet33", "msdnet38"),), datasets=("imagenet2012",)),
    },
    **PANEL,
)
