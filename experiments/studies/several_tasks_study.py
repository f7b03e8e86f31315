"""Three tasks of one network, whose losses have different scales, under each weighting: does
balancing help, and as much as scaling a loss by hand? `python -m benchmarks.several_tasks` trains.
"""

from experiments.harness.declaration import AE, Claim, Experiment, Row, Settings

_BY_HAND = "const, ink scaled by hand"
_WITHOUT_GAMMA = "adaloss, gamma=0"

EXPERIMENT = Experiment(
    source="our study of several tasks",
    title="Errors (%) of three tasks on the digits, and their mean; AdaLoss with tasks for exits "
    "(001 section 6)",
    rows=(
        Row("const"),
        Row(_BY_HAND),
        Row("adaloss"),
        Row(_WITHOUT_GAMMA),
        Row("log_loss"),
        Row("uncertainty"),
        Row("dwa"),
        Row("gradnorm"),
        Row("rlw"),
    ),
    settings={
        "quick": Settings(
            networks=("two convolutions",), datasets=("digits",), seeds=3, fields={"epochs": 30}
        ),
    },
    measure="task_error",
    costs=("digit", "half", "ink", AE),
    claims=(
        Claim("AdaLoss has a lower mean error than CONST", "adaloss", "below", "const", cost=AE),
        Claim(
            "AdaLoss has a lower error than CONST on the digit, whose loss is the smallest",
            "adaloss",
            "below",
            "const",
            "digit",
        ),
        Claim(
            "AdaLoss has a lower mean error than uncertainty weighting",
            "adaloss",
            "below",
            "uncertainty",
            cost=AE,
        ),
        Claim("AdaLoss has a lower mean error than DWA", "adaloss", "below", "dwa", cost=AE),
        Claim("AdaLoss has a lower mean error than GradNorm", "adaloss", "below", "gradnorm", AE),
        Claim(
            "without its share of constant weights, AdaLoss has a lower error on the digit",
            _WITHOUT_GAMMA,
            "below",
            "adaloss",
            "digit",
        ),
        Claim(
            "without its share of constant weights, AdaLoss has a lower mean error than GradNorm",
            _WITHOUT_GAMMA,
            "below",
            "gradnorm",
            AE,
        ),
        Claim(
            "AdaLoss has the mean error of a scale chosen by hand, within 2 points",
            "adaloss",
            "about",
            _BY_HAND,
            AE,
            within=2.0,
        ),
    ),
)
