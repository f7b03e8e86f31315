"""003, comparison of weighting schemes: increase of the error over OPT, all trained with AANN. Its numbers are lost."""

from experiments.harness.declaration import Claim, Experiment, Row, Settings
from experiments.papers.networks import CIFAR_AND_SVHN, QUICK, SMALL, TWELVE

EXPERIMENT = Experiment(
    source="003, weighting scheme comparisons",
    title="Relative increase of the error over OPT (%), averaged over networks and data sets",
    rows=(
        Row("OPT", {"weighting": "opt"}),
        Row("CONST", {"weighting": "const", "sampler": "aann"}),
        Row("LINEAR", {"weighting": "linear", "sampler": "aann"}),
        Row("SIEVE", {"weighting": "sieve_v2", "sampler": "aann"}),
        Row("EXP-LIN", {"weighting": "exp_lin", "sampler": "aann"}),
    ),
    settings={
        "quick": Settings(networks=(QUICK,), seeds=3),
        "small": Settings(networks=SMALL, datasets=CIFAR_AND_SVHN),
        "paper": Settings(networks=TWELVE, datasets=CIFAR_AND_SVHN),
    },
    measure="relative_increase",
    against="OPT",
    claims=(
        Claim("SIEVE ends below CONST", "SIEVE", "below", than="CONST"),
        Claim("SIEVE ends below LINEAR", "SIEVE", "below", than="LINEAR"),
        Claim("EXP-LIN ends below CONST", "EXP-LIN", "below", than="CONST"),
        Claim("EXP-LIN ends below LINEAR", "EXP-LIN", "below", than="LINEAR"),
        Claim("EXP-LIN is below SIEVE at 1/4", "EXP-LIN", "below", than="SIEVE", cost=0.25),
        Claim("SIEVE and EXP-LIN pay for it at 1/4", "SIEVE", "above", than="CONST", cost=0.25),
    ),
)
