"""000 appendix B: twice the weight on the final exit, which the authors used on ILSVRC only."""

from experiments.harness.declaration import Claim, Experiment, Row, Settings
from experiments.papers._networks import FAMILIES

EXPERIMENT = Experiment(
    source="000 appendix B",
    title="Errors (%) on ILSVRC with AdaLoss's final weight doubled, at fractions of the layers",
    rows=(
        Row("CONST", {"weighting": "const"}),
        Row("AdaLoss", {"weighting": "adaloss"}),
        Row("AdaLoss, final weight doubled", {"weighting": "adaloss", "final_extra": 1.0}),
    ),
    settings={"paper": Settings(networks=FAMILIES, datasets=("imagenet2012",))},
    rule="closest_layer",
    lines=("networks",),
    claims=(
        Claim(
            "the final loss is at a disadvantage without it",
            "AdaLoss, final weight doubled",
            "below",
            than="AdaLoss",
        ),
    ),
)
