"""003, AANN under every weighting scheme: in how many settings it beats the static loss. Its
numbers are lost; errors are interpolated between exits, as there."""

from experiments.harness.declaration import Claim, Experiment, Row, Settings
from experiments.papers._networks import CIFAR_AND_SVHN, QUICK, SMALL, TWELVE

SCHEMES = {"CONST": "const", "LINEAR": "linear", "SIEVE": "sieve_v2", "EXP-LIN": "exp_lin"}
EXPERIMENT = Experiment(
    source="003 AANN is a general technique",
    title="Settings (%) in which AANN has a lower error than the same weighting without it",
    rows=tuple(
        row
        for name, weighting in SCHEMES.items()
        for row in (
            Row(name, {"weighting": weighting}, against=name),
            Row(f"{name} + AANN", {"weighting": weighting, "sampler": "aann"}, against=name),
        )
    ),
    settings={
        "quick": Settings(networks=(QUICK,), seeds=3),
        "small": Settings(networks=SMALL, datasets=CIFAR_AND_SVHN),
        "paper": Settings(networks=TWELVE, datasets=CIFAR_AND_SVHN),
    },
    measure="settings_won",
    rule="interpolate",
    claims=tuple(
        Claim(
            f"AANN improves {name} in the second half, at {where}",
            f"{name} + AANN",
            "above",
            than=name,
            cost=cost,
        )
        for name in SCHEMES
        for cost, where in ((0.5, "half"), (0.75, "3/4"), (1.0, "the end"))
    ),
)
