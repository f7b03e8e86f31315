"""001 Fig. 5d: a small network with AdaLoss against a larger one with CONST, ResANNs on ILSVRC."""

from experiments.harness.declaration import Experiment, Settings
from experiments.papers.networks import QUICK_PAIR, SMALL_PAIR
from experiments.papers.small_against_large import PANEL

EXPERIMENT = Experiment(
    source="001 Fig. 5d",
    title="A small network with AdaLoss against a large one with CONST, ResANNs on ILSVRC",
    settings={
        "quick": Settings(networks=(QUICK_PAIR,)),
        "small": Settings(networks=(SMALL_PAIR,)),
        "paper": Settings(networks=(("resann50", "resann101"),), datasets=("imagenet2012",)),
    },
    **PANEL,
)
