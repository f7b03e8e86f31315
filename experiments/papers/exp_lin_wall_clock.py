"""003, wall-clock time of its ResNets with exits beside their MACs; its numbers are lost. Nothing
is trained: `python -m benchmarks.wall_clock` measures."""

from experiments.harness.declaration import Experiment, Row, Settings
from experiments.papers._networks import QUICK_SEQUENCE, SMALL_SEQUENCE

EXPERIMENT = Experiment(
    source="003 wall-clock time",
    title="Milliseconds to the exit nearest to each fraction of the MACs, one image, untrained",
    rows=(Row("TensorFlow"),),
    settings={
        "quick": Settings(networks=QUICK_SEQUENCE),
        "small": Settings(networks=SMALL_SEQUENCE),
        "paper": Settings(
            networks=("resann26", "resann50", "resann101"), datasets=("imagenet2012",)
        ),
    },
    measure="milliseconds",
    rule="closest",
    lines=("networks",),
)
