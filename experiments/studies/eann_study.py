"""An EANN of small ResANNs: which exits should answer, how much a second worker brings, and how far
OPT+ and a linear ensemble of plain networks are."""

from experiments.harness.declaration import END, OF_LARGEST, Claim, Experiment, Row, Settings

ADALOSS, OPT = {"weighting": "adaloss"}, {"weighting": "opt"}
QUICK = tuple(f"resann-n{n}-c8" for n in (1, 3, 6))
SMALL = tuple(f"resann-n{n}-c16" for n in (1, 2, 4))

EXPERIMENT = Experiment(
    source="our study of the EANN",
    title="Errors (%) at fractions of the largest member's cost",
    rows=(
        Row("EANN, by depth", ADALOSS, join="eann"),
        Row("EANN, by validation", ADALOSS, join="eann", selection="validation"),
        Row("EANN, by depth, 2 workers", ADALOSS, join="eann", workers=2),
        Row("largest member", ADALOSS, network=-1),
        Row("OPT+", OPT, join="opt_plus"),
        Row("linear ensemble", OPT, join="linear_ensemble", group="plain"),
    ),
    settings={
        "quick": Settings(
            networks=(QUICK,),
            groups={"plain": tuple(f"resann-n{n}-c8" for n in range(1, 7))},
        ),
        "small": Settings(
            networks=(SMALL,), groups={"plain": tuple(f"resann-n{n}-c16" for n in (1, 2, 3, 4))}
        ),
        "paper": Settings(
            networks=(tuple(f"resann-n{n}-c32" for n in (7, 13, 25)),),
            datasets=("cifar100",),
            groups={"plain": tuple(f"resann-n{n}-c32" for n in (7, 9, 13, 17, 20, 25))},
        ),
    },
    **OF_LARGEST,
    claims=(
        Claim(
            "withholding exits that are no better on held-out images helps at half",
            "EANN, by validation",
            "below",
            than="EANN, by depth",
            cost=0.5,
        ),
        Claim(
            "2 workers answer better, at all of the largest member's cost",
            "EANN, by depth, 2 workers",
            "below",
            than="EANN, by depth",
        ),
        Claim(
            "the EANN is below the linear ensemble at its end",
            "EANN, by depth",
            "below",
            than="linear ensemble",
            cost=END,
        ),
    ),
)
