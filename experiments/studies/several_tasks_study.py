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
        Claim("AdaLoss errs less than CONST, on average", "adaloss", "below", "const", cost=AE),
        Claim(
            "... and at the digit, whose loss is the small one",
            "adaloss",
            "below",
            "const",
            "digit",
        ),
        Claim(
            "AdaLoss errs less than uncertainty weighting, on average",
            "adaloss",
            "below",
            "uncertainty",
            cost=AE,
        ),
        Claim("AdaLoss errs less than DWA, on average", "adaloss", "below", "dwa", cost=AE),
        Claim("AdaLoss errs less than GradNorm, on average", "adaloss", "below", "gradnorm", AE),
        Claim(
            "AdaLoss errs less at the digit without its share of constant weights",
            _WITHOUT_GAMMA,
            "below",
            "adaloss",
            "digit",
        ),
        Claim(
            "... and then it errs less than GradNorm, on average",
            _WITHOUT_GAMMA,
            "below",
            "gradnorm",
            AE,
        ),
        Claim(
            "AdaLoss is as good as a scale by hand, on average, within 2 points",
            "adaloss",
            "about",
            _BY_HAND,
            AE,
            within=2.0,
        ),
    ),
)
