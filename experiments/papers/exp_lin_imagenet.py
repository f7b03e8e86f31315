"""003, ILSVRC: AANNs of 26, 50 and 101 layers with CONST and SIEVE, and their EANN on one and on several workers."""

from experiments.harness.declaration import END, MILESTONES, Claim, Experiment, Row, Settings
from experiments.papers.networks import QUICK_SEQUENCE, SMALL_SEQUENCE

SIEVE = {"weighting": "sieve_v2", "sampler": "aann"}
CONST = {"weighting": "const", "sampler": "aann"}

EXPERIMENT = Experiment(
    source="003, ILSVRC",
    title="Errors (%) of AANNs and their EANN at fractions of the largest network's cost",
    rows=(
        Row("AANN-26, SIEVE", SIEVE, network=0),
        Row("AANN-50, SIEVE", SIEVE, network=1),
        Row("AANN-101, SIEVE", SIEVE, network=2),
        Row("AANN-50, CONST", CONST, network=1),
        Row("AANN-101, CONST", CONST, network=2),
        Row("EANN", SIEVE, join="eann"),
        Row("EANN, 2 workers", SIEVE, join="eann", workers=2),
        Row("EANN, 3 workers", SIEVE, join="eann", workers=3),
    ),
    settings={
        "quick": Settings(networks=(QUICK_SEQUENCE,)),
        "small": Settings(networks=(SMALL_SEQUENCE,)),
        "paper": Settings(
            networks=(("resann26", "resann50", "resann101"),), datasets=("imagenet2012",)
        ),
    },
    rule="closest",
    of_network=-1,
    costs=(*MILESTONES, END),
    figures=("curves",),
    claims=(
        Claim(
            "with CONST the largest network ends above SIEVE",
            "AANN-101, CONST",
            "above",
            than="AANN-101, SIEVE",
            cost=END,
        ),
        Claim(
            "with CONST the middle network ends above SIEVE",
            "AANN-50, CONST",
            "above",
            than="AANN-50, SIEVE",
            cost=END,
        ),
        Claim(
            "2 workers answer better at the largest network's cost",
            "EANN, 2 workers",
            "below",
            than="EANN",
        ),
    ),
)
