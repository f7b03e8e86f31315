"""001 Fig. 6b: an EANN of ResANNs against linear ensembles of plain networks, and MSDNet, on
ILSVRC."""

from experiments.harness.declaration import END, OF_LARGEST, Claim, Experiment, Row, Settings
from experiments.papers._networks import (
    ILSVRC_DENSENETS,
    ILSVRC_LINEAR,
    QUICK_LINEAR,
    QUICK_SEQUENCE,
    SMALL_LINEAR,
    SMALL_SEQUENCE,
)

ADALOSS, PLAIN = {"weighting": "adaloss"}, {"weighting": "opt"}
RESNETS, DENSENETS = "linear ensemble of ResNets", "linear ensemble of DenseNets"
EXPERIMENT = Experiment(
    source="001 Fig. 6b",
    title="Errors (%) of an EANN and linear ensembles, at fractions of the largest ResANN's cost",
    rows=(
        Row("EANN", ADALOSS, join="eann"),
        Row("EANN, by validation", ADALOSS, join="eann", selection="validation"),
        Row("ANN", ADALOSS, network=1),
        Row(RESNETS, PLAIN, join="linear_ensemble", group="ResNets"),
        Row(DENSENETS, PLAIN, join="linear_ensemble", group="DenseNets"),
        Row("MSDNet", ADALOSS, group="MSDNet"),
    ),
    settings={
        "quick": Settings(
            networks=(QUICK_SEQUENCE,),
            groups={"ResNets": QUICK_LINEAR, "MSDNet": ("msdnet-cifar-b4",)},
            methods=("EANN", "EANN, by validation", "ANN", RESNETS, "MSDNet"),
            stand_in="CIFAR-10 in place of ILSVRC",
        ),
        "small": Settings(
            networks=(SMALL_SEQUENCE,),
            groups={"ResNets": SMALL_LINEAR, "MSDNet": ("msdnet-cifar-b7",)},
            methods=("EANN", "EANN, by validation", "ANN", RESNETS, "MSDNet"),
            stand_in="CIFAR-10 in place of ILSVRC",
        ),
        "paper": Settings(
            networks=(("resann26", "resann50", "resann101"),),
            datasets=("imagenet2012",),
            groups={
                "ResNets": ILSVRC_LINEAR,
                "DenseNets": ILSVRC_DENSENETS,
                "MSDNet": ("msdnet38",),
            },
        ),
    },
    **OF_LARGEST,
    claims=(
        *(
            Claim(
                f"the EANN is below the {ensemble}, at {name}",
                "EANN",
                "below",
                than=ensemble,
                cost=cost,
                section="5.3",
            )
            for ensemble in (RESNETS, DENSENETS)
            for cost, name in ((0.5, "half"), (1.0, "all"), (END, "its end"))
        ),
        *(
            Claim(
                f"little is left of the gap to MSDNet: within 2 points at {name}",
                "EANN",
                "about",
                than="MSDNet",
                cost=cost,
                within=2.0,
                section="5.3",
            )
            for cost, name in ((0.5, "half"), (1.0, "all"))
        ),
        Claim(
            "the EANN is better early than a single network",
            "EANN",
            "below",
            than="ANN",
            cost=0.25,
            section="5.3",
        ),
        Claim(
            "... and delays the late answers", "EANN", "above", than="ANN", cost=0.5, section="5.3"
        ),
    ),
)
