"""003: what the heads add to the cost of its ResNets on ILSVRC. Its number is lost; nothing is
trained."""

from experiments.harness.declaration import END, Claim, Experiment, Row, Settings
from experiments.papers._networks import QUICK_SEQUENCE

EXPERIMENT = Experiment(
    source="003 cost of anytime predictions",
    title="Share of the heads before the last one in the MACs of the whole network (%)",
    rows=(Row("heads"),),
    settings={
        "quick": Settings(networks=QUICK_SEQUENCE),
        "paper": Settings(
            networks=("resann26", "resann50", "resann101"), datasets=("imagenet2012",)
        ),
    },
    measure="share_of_heads",
    rule="closest",
    costs=(END,),
    lines=("networks",),
    claims=(
        Claim(
            "the predictions add no noticeable computation: less than 1 %",
            "heads",
            "between",
            cost=END,
            bounds=(0.0, 1.0),
        ),
    ),
)
