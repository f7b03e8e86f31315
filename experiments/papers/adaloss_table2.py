"""001 Table 2: CONST and AdaLoss on three families of networks on ILSVRC."""

from experiments.harness.declaration import Claim, Experiment, Row, Settings
from experiments.papers.networks import FAMILIES, QUICK_FAMILIES, SMALL_FAMILIES

EXPERIMENT = Experiment(
    source="001 Table 2",
    title="Errors (%) of three families with CONST and AdaLoss",
    rows=(Row("CONST", {"weighting": "const"}), Row("AdaLoss", {"weighting": "adaloss"})),
    settings={
        "quick": Settings(networks=tuple(QUICK_FAMILIES), stand_ins=QUICK_FAMILIES),
        "small": Settings(networks=tuple(SMALL_FAMILIES), stand_ins=SMALL_FAMILIES),
        "paper": Settings(networks=FAMILIES, datasets=("imagenet2012",)),
    },
    rule="closest",
    lines=("networks",),
    published="001_table2",
    claims=(
        Claim("AdaLoss ends below CONST, over all families", "AdaLoss", "below", than="CONST"),
        Claim(
            "AdaLoss is below CONST at 3/4, over all families",
            "AdaLoss",
            "below",
            than="CONST",
            cost=0.75,
        ),
    ),
)
