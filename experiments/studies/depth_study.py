"""AdaLoss against CONST on networks of several depths: is it the depth that its gain depends on?"""

from experiments.harness.declaration import Claim, Experiment, Row, Settings

EXPERIMENT = Experiment(
    source="our study of depth",
    title="Relative increase of the error over CONST (%) on networks of several depths",
    rows=(
        Row("CONST", {"weighting": "const"}),
        Row("AdaLoss", {"weighting": "adaloss"}),
    ),
    settings={
        "quick": Settings(networks=("resann-n1-c8", "resann-n3-c8", "resann-n6-c8")),
        "small": Settings(networks=("resann-n3-c16", "resann-n5-c16", "resann-n9-c16"), seeds=2),
        "paper": Settings(
            networks=(
                "resann-n7-c16",
                "resann-n9-c16",
                "resann-n13-c16",
                "resann-n17-c16",
                "resann-n25-c16",
            )
        ),
    },
    measure="relative_increase",
    against="CONST",
    lines=("networks",),
    figures=("curves", "weights_over_depth"),
    claims=(
        Claim("AdaLoss ends below CONST, averaged over the networks", "AdaLoss", "below"),
        Claim(
            "AdaLoss starts above CONST, averaged over the networks", "AdaLoss", "above", cost=0.25
        ),
    ),
)
