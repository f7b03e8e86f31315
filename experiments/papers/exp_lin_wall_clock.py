"""003, wall-clock time of its ResNets with exits beside their MACs; its numbers are lost. Nothing is trained."""

from experiments.harness.declaration import Claim, Experiment, Row, Settings
from experiments.papers.networks import QUICK_SEQUENCE, SMALL_SEQUENCE

EXPERIMENT = Experiment(
    source="003, wall-clock time",
    title="Milliseconds to the exit nearest to each fraction of the MACs, one image, untrained",
    rows=(Row("TensorFlow", {"weighting": "const"}),),
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
    claims=(
        Claim(
            "the answer at 1/4 comes before the last",
            "TensorFlow",
            "below",
            than="TensorFlow",
            cost=0.25,
            than_cost=1.0,
        ),
        Claim(
            "... and so does that at 1/2",
            "TensorFlow",
            "below",
            than="TensorFlow",
            cost=0.5,
            than_cost=1.0,
        ),
    ),
)
