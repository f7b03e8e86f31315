"""003, comparison of weighting schemes: increase of the error over OPT, all trained with AANN. Its
numbers are lost.

003 interpolates between exits. Here ANN and OPT are read at the same exit, the one nearest to the
milestone, for which OPT was trained: an interpolated error would be compared with another place.
"""

from experiments.harness.declaration import Claim, Experiment, Row, Settings
from experiments.papers._networks import CIFAR_AND_SVHN, QUICK, SMALL, TWELVE

PROPOSED, STATIC = ("SIEVE", "EXP-LIN"), ("CONST", "LINEAR")
EXPERIMENT = Experiment(
    source="003 weighting scheme comparisons",
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
        *(
            Claim(f"{better} ends below {worse}", better, "below", than=worse)
            for better in PROPOSED
            for worse in STATIC
        ),
        Claim(
            "CONST's gap widens at deeper exits: the end above 1/4",
            "CONST",
            "above",
            than="CONST",
            than_cost=0.25,
        ),
        Claim("EXP-LIN is below SIEVE at 1/4", "EXP-LIN", "below", than="SIEVE", cost=0.25),
        *(
            Claim(
                f"{scheme} pays in the first half: above CONST at 1/4",
                scheme,
                "above",
                than="CONST",
                cost=0.25,
            )
            for scheme in PROPOSED
        ),
    ),
)
