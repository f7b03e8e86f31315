"""003, EANNs of each weighting scheme, on one and on several workers, against OPT+. Its numbers are
lost."""

from experiments.harness.declaration import END, OF_LARGEST, Claim, Experiment, Row, Settings
from experiments.papers._networks import QUICK_SEQUENCE, SMALL_SEQUENCE

SIEVE = {"weighting": "sieve_v2", "sampler": "aann"}
SCHEMES = {
    "CONST": {"weighting": "const", "sampler": "aann"},
    "LINEAR": {"weighting": "linear", "sampler": "aann"},
    "SIEVE": SIEVE,
    "EXP-LIN": {"weighting": "exp_lin", "sampler": "aann"},
}
NAMES = {0.25: "1/4", 0.5: "half", 0.75: "3/4", 1.0: "all"}
PROPOSED, STATIC = ("SIEVE", "EXP-LIN"), ("CONST", "LINEAR")

EXPERIMENT = Experiment(
    source="003 EANN",
    title="Errors (%) of EANNs at fractions of the largest network's cost",
    rows=(
        Row("OPT+", {"weighting": "opt"}, join="opt_plus"),
        *(
            row
            for scheme, fields in SCHEMES.items()
            for row in (
                Row(f"EANN, {scheme}", fields, join="eann"),
                Row(f"EANN, {scheme}, by validation", fields, join="eann", selection="validation"),
            )
        ),
        Row("EANN, SIEVE, 2 workers", SIEVE, join="eann", workers=2),
        Row("EANN, SIEVE, 3 workers", SIEVE, join="eann", workers=3),
        Row("AANN, SIEVE", SIEVE, network=-1),
    ),
    settings={
        "quick": Settings(networks=(QUICK_SEQUENCE,)),
        "small": Settings(networks=(SMALL_SEQUENCE,)),
        "paper": Settings(
            networks=(tuple(f"resann-n{n}-c32" for n in (1, 3, 7, 13, 25)),), datasets=("cifar100",)
        ),
    },
    **OF_LARGEST,
    claims=(
        *(
            Claim(
                f"the EANN of {scheme} is near OPT+ at every budget: within 2 points at {name}",
                f"EANN, {scheme}",
                "about",
                than="OPT+",
                cost=cost,
                within=2.0,
            )
            for scheme in PROPOSED
            for cost, name in NAMES.items()
        ),
        *(
            Claim(
                f"{better} makes the better EANN than {worse}, at {name}",
                f"EANN, {better}",
                "below",
                than=f"EANN, {worse}",
                cost=cost,
            )
            for better in PROPOSED
            for worse in STATIC
            for cost, name in ((1.0, "all"), (END, "its end"))
        ),
        Claim(
            "the EANN is better early than its largest network",
            "EANN, SIEVE",
            "below",
            than="AANN, SIEVE",
            cost=0.25,
        ),
        *(
            Claim(
                f"{workers} workers answer better, at {name}",
                f"EANN, SIEVE, {workers} workers",
                "below",
                than="EANN, SIEVE",
                cost=cost,
            )
            for workers in (2, 3)
            for cost, name in ((0.5, "half"), (1.0, "all"))
        ),
    ),
)
