"""AdaLoss against CONST, trained three times as long as in the other tables: do its gain and
gamma's depend on the schedule?"""

from experiments.harness.declaration import Claim, Experiment, Row, Settings

EXPERIMENT = Experiment(
    source="our study of training length",
    title="Relative increase of the error over CONST (%) when trained three times as long as in "
    "the other tables",
    rows=(
        Row("CONST", {"weighting": "const"}),
        Row("AdaLoss", {"weighting": "adaloss"}),
        Row("AdaLoss, gamma=0", {"weighting": "adaloss", "gamma": 0.0}),
    ),
    settings={
        "quick": Settings(networks=("resann-n3-c8",), fields={"epochs": 72}),
        "small": Settings(
            networks=("resann-n5-c16",), fields={"epochs": 180, "evaluate_every": 60}
        ),
        "paper": Settings(networks=("resann-n9-c32",), fields={"epochs": 900}),
    },
    measure="relative_increase",
    against="CONST",
    figures=("curves", "weights_over_depth"),
    claims=(
        Claim("AdaLoss ends below CONST", "AdaLoss", "below"),
        Claim("AdaLoss starts above CONST", "AdaLoss", "above", cost=0.25),
        Claim(
            "without gamma the early exits err more",
            "AdaLoss, gamma=0",
            "above",
            than="AdaLoss",
            cost=0.25,
        ),
        Claim(
            "... and the end gains little", "AdaLoss, gamma=0", "about", than="AdaLoss", within=5.0
        ),
    ),
)
