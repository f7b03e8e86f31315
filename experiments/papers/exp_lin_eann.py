"""003, EANNs of each weighting scheme, on one and on several workers, against OPT+. Its numbers are lost."""

from experiments.harness.declaration import END, MILESTONES, Claim, Experiment, Row, Settings
from experiments.papers.networks import QUICK_SEQUENCE, SMALL_SEQUENCE

CONST = {"weighting": "const", "sampler": "aann"}
LINEAR = {"weighting": "linear", "sampler": "aann"}
SIEVE = {"weighting": "sieve_v2", "sampler": "aann"}
EXP_LIN = {"weighting": "exp_lin", "sampler": "aann"}

EXPERIMENT = Experiment(
    source="003, EANN",
    title="Errors (%) of EANNs at fractions of the largest network's cost",
    rows=(
        Row("OPT+", {"weighting": "opt"}, join="opt_plus"),
        Row("EANN, CONST", CONST, join="eann"),
        Row("EANN, LINEAR", LINEAR, join="eann"),
        Row("EANN, SIEVE", SIEVE, join="eann"),
        Row("EANN, EXP-LIN", EXP_LIN, join="eann"),
        Row("EANN, SIEVE, 2 workers", SIEVE, join="eann", workers=2),
        Row("EANN, SIEVE, 3 workers", SIEVE, join="eann", workers=3),
        Row("AANN, SIEVE", SIEVE, network=-1),
    ),
    settings={
        "quick": Settings(
            networks=(QUICK_SEQUENCE,),
            methods=(
                "OPT+",
                "EANN, CONST",
                "EANN, SIEVE",
                "EANN, SIEVE, 2 workers",
                "EANN, SIEVE, 3 workers",
                "AANN, SIEVE",
            ),
        ),
        "small": Settings(networks=(SMALL_SEQUENCE,)),
        "paper": Settings(
            networks=(tuple(f"resann-n{n}-c32" for n in (1, 3, 7, 13, 25)),), datasets=("cifar100",)
        ),
    },
    rule="closest",
    of_network=-1,
    costs=(*MILESTONES, END),
    figures=("curves",),
    claims=(
        Claim(
            "SIEVE makes the better EANN than CONST",
            "EANN, SIEVE",
            "below",
            than="EANN, CONST",
            cost=END,
        ),
        Claim(
            "the EANN is better early than its largest network",
            "EANN, SIEVE",
            "below",
            than="AANN, SIEVE",
            cost=0.25,
        ),
        Claim(
            "2 workers answer better at the largest network's cost",
            "EANN, SIEVE, 2 workers",
            "below",
            than="EANN, SIEVE",
        ),
    ),
)
