"""002 section 4.5: the gap between ANN and OPT shrinks when the network is wider."""

from experiments.harness.declaration import Claim, Experiment, Settings
from experiments.papers._networks import CIFAR_AND_SVHN
from experiments.papers._samplers import AANN, ANN, OPT

NAMES = {0.25: "1/4", 0.5: "half", 0.75: "3/4", 1.0: "the end"}
EXPERIMENT = Experiment(
    source="002 section 4.5",
    title="Relative increase of the error over OPT (%) of networks of growing width",
    rows=(OPT, ANN, AANN),
    settings={
        "quick": Settings(
            networks=("resann-n3-c8", "resann-n3-c16", "resann-n3-c32"),
            replaces={"resann-n3-c8": "resann-n9-c16", "resann-n3-c32": "resann-n9-c128"},
            seeds=3,
        ),
        "paper": Settings(
            networks=tuple(f"resann-n9-c{c}" for c in (16, 32, 64, 128)), datasets=CIFAR_AND_SVHN
        ),
    },
    measure="relative_increase",
    against="OPT",
    lines=("networks",),
    claims=(
        *(
            Claim(
                f"the gap of ANN shrinks from c = 16 to 128, at {name}",
                "ANN",
                "below",
                than="ANN",
                cost=cost,
                where={"networks": "resann-n9-c128"},
                than_where={"networks": "resann-n9-c16"},
            )
            for cost, name in NAMES.items()
        ),
        Claim(
            "at (9, 128) ANN ends below OPT",
            "ANN",
            "below",
            than="OPT",
            where={"networks": "resann-n9-c128"},
        ),
    ),
)
