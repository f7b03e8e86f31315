"""001 Table 2: CONST and AdaLoss on three families of networks on ILSVRC.

The fractions are read in layers: in MACs the first exit of DenseANN169 costs 46 %, so that 1/4 and
1/2 would be one exit, and the paper prints two numbers. The readings in MACs and interpolated
between exits (003's) are shown beside it.
"""

from experiments.harness.declaration import Claim, Experiment, Row, Settings
from experiments.papers._networks import FAMILIES, QUICK_FAMILIES, SMALL_FAMILIES

NAMES = {0.25: "1/4", 0.5: "half", 0.75: "3/4", 1.0: "the end"}


def _family(model, name, text, direction, cost):
    return Claim(
        f"{name} {text} at {NAMES[cost]}",
        "AdaLoss",
        direction,
        than="CONST",
        cost=cost,
        where={"networks": model},
        section="5.2",
    )


EXPERIMENT = Experiment(
    source="001 Table 2",
    title="Errors (%) of three families with CONST and AdaLoss, at fractions of the layers",
    rows=(
        Row("CONST", {"weighting": "const"}),
        Row("AdaLoss", {"weighting": "adaloss"}),
        Row("CONST, in MACs", {"weighting": "const"}, rule="closest"),
        Row("AdaLoss, in MACs", {"weighting": "adaloss"}, rule="closest"),
        Row("CONST, interpolated", {"weighting": "const"}, rule="interpolate"),
        Row("AdaLoss, interpolated", {"weighting": "adaloss"}, rule="interpolate"),
    ),
    settings={
        "quick": Settings(
            networks=tuple(QUICK_FAMILIES),
            replaces=QUICK_FAMILIES,
            stand_in="CIFAR-10 in place of ILSVRC",
        ),
        "small": Settings(
            networks=tuple(SMALL_FAMILIES),
            replaces=SMALL_FAMILIES,
            stand_in="CIFAR-10 in place of ILSVRC",
        ),
        "paper": Settings(networks=FAMILIES, datasets=("imagenet2012",)),
    },
    rule="closest_layer",
    lines=("networks",),
    published="001_table2",
    claims=(
        *(
            _family(
                "denseann169", "DenseANN169", "is uniformly better with AdaLoss,", "below", cost
            )
            for cost in NAMES
        ),
        *(
            claim
            for model, name in (("resann50", "ResANN50"), ("msdnet38", "MSDNet38"))
            for claim in (
                _family(model, name, "trades with AdaLoss: worse", "above", 0.25),
                _family(model, name, "trades with AdaLoss: better", "below", 1.0),
            )
        ),
    ),
)
