"""001 Fig. 6a: an EANN of ResANNs, trained with AdaLoss or CONST, beside the largest of them and
OPT."""

from experiments.harness.declaration import END, OF_LARGEST, Claim, Experiment, Row, Settings
from experiments.papers._networks import MEDIUM_SEQUENCE, QUICK_SEQUENCE, SMALL_SEQUENCE

ADALOSS, CONST, OPT = {"weighting": "adaloss"}, {"weighting": "const"}, {"weighting": "opt"}
EXPERIMENT = Experiment(
    source="001 Fig. 6a",
    title="Errors (%) of EANNs with AdaLoss and with CONST, at fractions of the largest network's "
    "cost",
    rows=(
        Row("EANN, AdaLoss", ADALOSS, join="eann"),
        Row("EANN, AdaLoss, by validation", ADALOSS, join="eann", selection="validation"),
        Row("EANN, CONST", CONST, join="eann"),
        Row("EANN, CONST, by validation", CONST, join="eann", selection="validation"),
        Row("ANN, AdaLoss", ADALOSS, network=-1),
        Row("ANN, CONST", CONST, network=-1),
        Row("OPT", OPT, network=-1),
        Row("OPT, n=20", OPT, group="n=20"),
    ),
    settings={
        "quick": Settings(
            networks=(QUICK_SEQUENCE,),
            groups={"n=20": ("resann-n4-c8",)},
            stand_in="CIFAR-10 in place of CIFAR-100",
        ),
        "small": Settings(
            networks=(SMALL_SEQUENCE,),
            datasets=("cifar10", "cifar100"),
            groups={"n=20": ("resann-n3-c16",)},
        ),
        "medium": Settings(
            networks=(MEDIUM_SEQUENCE,),
            datasets=("cifar100",),
            groups={"n=20": ("resann-n4-c16",)},
        ),
        "paper": Settings(
            networks=(tuple(f"resann-n{n}-c32" for n in (7, 13, 25)),),
            datasets=("cifar100",),
            groups={"n=20": ("resann-n20-c32",)},
        ),
    },
    **OF_LARGEST,
    claims=(
        *(
            Claim(
                f"the EANN is better than its largest network early, at {name}",
                "EANN, AdaLoss",
                "below",
                than="ANN, AdaLoss",
                cost=cost,
                section="5.3",
            )
            for cost, name in ((0.25, "1/4"), (0.5, "half"))
        ),
        Claim(
            "... and than the largest network with CONST, the best early",
            "EANN, AdaLoss",
            "below",
            than="ANN, CONST",
            cost=0.25,
            section="5.3",
        ),
        *(
            Claim(
                f"AdaLoss makes the better EANN, at {name}",
                "EANN, AdaLoss",
                "below",
                than="EANN, CONST",
                cost=cost,
                section="5.3",
            )
            for cost, name in ((0.5, "half"), (0.75, "3/4"), (1.0, "all"), (END, "its end"))
        ),
        Claim(
            "the EANN competes with OPT of the n that E[C] leaves (20): ends within a point of it",
            "EANN, AdaLoss",
            "about",
            than="OPT, n=20",
            cost=END,
            within=1.0,
            section="5.3, note 6",
        ),
    ),
)
