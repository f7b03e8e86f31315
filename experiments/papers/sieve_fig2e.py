"""002 Fig. 2e (and the last rows of Table 3): an EANN of AANNs against OPT+."""

from experiments.harness.declaration import Claim, Experiment, Row, Settings
from experiments.papers.networks import CIFAR_AND_SVHN, QUICK_SEQUENCE, SMALL_SEQUENCE

AANN = {"weighting": "sieve", "sampler": "aann"}

EXPERIMENT = Experiment(
    source="002 Fig. 2e, Table 3",
    title="Errors (%) of an EANN of AANNs and of OPT+, each at fractions of its own cost",
    rows=(
        Row("OPT+", {"weighting": "opt"}, join="opt_plus"),
        Row("OPT", {"weighting": "opt"}, network=-1),
        Row("AANN", AANN, network=-1),
        Row("EANN", AANN, join="eann"),
        # 002 section 4.6: E[C] of b = 2.
        Row("EANN (divided by E[C])", AANN, join="eann", inflation=2.44),
    ),
    settings={
        "quick": Settings(networks=(QUICK_SEQUENCE,)),
        "small": Settings(networks=(SMALL_SEQUENCE,)),
        "paper": Settings(
            networks=(tuple(f"resann-n{n}-c32" for n in (1, 3, 7, 13, 25)),),
            datasets=CIFAR_AND_SVHN,
        ),
    },
    rule="closest",
    lines=("dataset",),
    published="002_table3",
    published_where={
        "model": ("eann-b2-c32", "resann-n25-c32"),
        "method": ("OPT+", "OPT", "AANN", "EANN"),
    },
    figures=("curves",),
    claims=(
        Claim(
            "the EANN is within 2 points of OPT+ at 1/4",
            "EANN",
            "about",
            than="OPT+",
            cost=0.25,
            within=2.0,
        ),
        Claim("... at 1/2", "EANN", "about", than="OPT+", cost=0.5, within=2.0),
        Claim("... at 3/4", "EANN", "about", than="OPT+", cost=0.75, within=2.0),
        Claim("... and at the end", "EANN", "about", than="OPT+", within=2.0),
        Claim("a single AANN is not, at 1/4", "AANN", "above", than="EANN", cost=0.25),
    ),
)
