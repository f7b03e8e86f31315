"""001 Fig. 5f: what decides is the family; AdaLoss helps in each."""

from experiments.harness.declaration import Claim, Experiment, Row, Settings
from experiments.papers.networks import FAMILIES, QUICK_FAMILIES, SMALL_FAMILIES

EXPERIMENT = Experiment(
    source="001 Fig. 5f",
    title="Error against cost of three families with CONST and AdaLoss",
    rows=(Row("CONST", {"weighting": "const"}), Row("AdaLoss", {"weighting": "adaloss"})),
    settings={
        "quick": Settings(networks=tuple(QUICK_FAMILIES)),
        "small": Settings(networks=tuple(SMALL_FAMILIES)),
        "paper": Settings(networks=FAMILIES, datasets=("imagenet2012",)),
    },
    rule="closest",
    lines=("networks",),
    figures=("curves",),
    claims=(
        Claim("AdaLoss ends below CONST, over all families", "AdaLoss", "below", than="CONST"),
    ),
)
