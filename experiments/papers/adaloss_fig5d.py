"""001 Fig. 5d: a small network with AdaLoss against a larger one with CONST, ResANNs on ILSVRC."""

from experiments.harness.declaration import Experiment
from experiments.papers._networks import QUICK_PAIR, SMALL_PAIR, on_ilsvrc
from experiments.papers._small_against_large import FASTER, PANEL, SAME_END

EXPERIMENT = Experiment(
    source="001 Fig. 5d",
    title="A small network with AdaLoss against a large one with CONST, ResANNs on ILSVRC",
    settings=on_ilsvrc(QUICK_PAIR, SMALL_PAIR, ("resann50", "resann101")),
    claims=(SAME_END, *FASTER),
    **PANEL,
)
