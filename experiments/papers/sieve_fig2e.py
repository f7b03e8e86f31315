"""002 Fig. 2e and the last rows of Table 3: an EANN of AANNs against OPT+."""

from experiments.harness.declaration import END, MILESTONES, Claim, Experiment, Row, Settings
from experiments.papers._networks import (
    CIFAR_AND_SVHN,
    MEDIUM_SEQUENCE,
    QUICK_SEQUENCE,
    SMALL_SEQUENCE,
)

AANN = {"weighting": "sieve", "sampler": "aann"}
NAMES = {0.25: "1/4", 0.5: "half", 0.75: "3/4", 1.0: "the end"}
EXPERIMENT = Experiment(
    source="002 Fig. 2e, Table 3",
    title="Errors (%) of an EANN of AANNs and of OPT+, each at fractions of its own cost",
    rows=(
        # All OPT with c = 32 that the paper has, also of networks that are no members.
        Row("OPT+", {"weighting": "opt"}, join="opt_plus", group="OPT"),
        Row("OPT", {"weighting": "opt"}, network=-1),
        Row("AANN", AANN, network=-1),
        Row("EANN", AANN, join="eann"),
        Row("EANN, by validation", AANN, join="eann", selection="validation"),
    ),
    settings={
        "quick": Settings(networks=(QUICK_SEQUENCE,), groups={"OPT": QUICK_SEQUENCE}),
        "small": Settings(networks=(SMALL_SEQUENCE,), groups={"OPT": SMALL_SEQUENCE}),
        "medium": Settings(
            networks=(MEDIUM_SEQUENCE,),
            datasets=("cifar100",),
            groups={"OPT": MEDIUM_SEQUENCE},
            methods=("OPT+", "OPT", "AANN", "EANN"),
        ),
        "paper": Settings(
            networks=(tuple(f"resann-n{n}-c32" for n in (1, 3, 7, 13, 25)),),
            datasets=CIFAR_AND_SVHN,
            groups={"OPT": tuple(f"resann-n{n}-c32" for n in (1, 3, 7, 9, 13, 17, 25))},
        ),
    },
    rule="latest",
    costs=(*MILESTONES, END),
    lines=("dataset",),
    published="002_table3",
    published_where={
        "model": ("eann-b2-c32", "resann-n25-c32"),
        "method": ("OPT+", "OPT", "AANN", "EANN"),
    },
    figures=("curves",),
    claims=(
        *(
            Claim(
                f"the EANN has almost no gap to OPT+: within a point at {name}",
                "EANN",
                "about",
                than="OPT+",
                cost=cost,
                within=1.0,
                section="4.6",
            )
            for cost, name in NAMES.items()
        ),
        Claim(
            "a single AANN has one, at 1/4",
            "AANN",
            "above",
            than="OPT+",
            cost=0.25,
            section="4.6",
        ),
    ),
)
