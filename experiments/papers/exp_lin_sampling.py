"""003, AANN under every weighting scheme: in how many settings it beats the static loss. Its numbers are lost."""

from experiments.harness.declaration import Claim, Experiment, Row, Settings
from experiments.papers.networks import CIFAR_AND_SVHN, QUICK, SMALL, TWELVE

EXPERIMENT = Experiment(
    source="003, AANN is a general technique",
    title="Settings (%) in which AANN errs less than the same weighting without it",
    rows=(
        Row("CONST", {"weighting": "const"}, against="CONST"),
        Row("CONST + AANN", {"weighting": "const", "sampler": "aann"}, against="CONST"),
        Row("LINEAR", {"weighting": "linear"}, against="LINEAR"),
        Row("LINEAR + AANN", {"weighting": "linear", "sampler": "aann"}, against="LINEAR"),
        Row("SIEVE", {"weighting": "sieve_v2"}, against="SIEVE"),
        Row("SIEVE + AANN", {"weighting": "sieve_v2", "sampler": "aann"}, against="SIEVE"),
        Row("EXP-LIN", {"weighting": "exp_lin"}, against="EXP-LIN"),
        Row("EXP-LIN + AANN", {"weighting": "exp_lin", "sampler": "aann"}, against="EXP-LIN"),
    ),
    settings={
        "quick": Settings(networks=(QUICK,), seeds=3),
        "small": Settings(networks=SMALL, datasets=CIFAR_AND_SVHN),
        "paper": Settings(networks=TWELVE, datasets=CIFAR_AND_SVHN),
    },
    measure="settings_won",
    claims=(
        Claim("AANN helps CONST at 3/4", "CONST + AANN", "above", than="CONST", cost=0.75),
        Claim("AANN helps LINEAR at 3/4", "LINEAR + AANN", "above", than="LINEAR", cost=0.75),
        Claim("AANN helps SIEVE at 3/4", "SIEVE + AANN", "above", than="SIEVE", cost=0.75),
        Claim("AANN helps EXP-LIN at 3/4", "EXP-LIN + AANN", "above", than="EXP-LIN", cost=0.75),
    ),
)
