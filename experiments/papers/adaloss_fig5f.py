"""001 Fig. 5f: the family decides; AdaLoss helps in each (Table 2 has those claims)."""

from experiments.harness.declaration import END, MILESTONES, Claim, Experiment, Row
from experiments.papers._networks import FAMILIES, QUICK_FAMILIES, SMALL_FAMILIES, on_ilsvrc

RESANN, DENSEANN, MSDNET = "ResANN", "DenseANN", "MSDNet"
EXPERIMENT = Experiment(
    source="001 Fig. 5f",
    title="Errors (%) of three families at fractions of the ResANN's cost",
    rows=tuple(
        Row(f"{family}, {name}", {"weighting": weighting}, network=network)
        for network, family in enumerate((RESANN, DENSEANN, MSDNET))
        for name, weighting in (("CONST", "const"), ("AdaLoss", "adaloss"))
    ),
    settings=on_ilsvrc(tuple(QUICK_FAMILIES), tuple(SMALL_FAMILIES), FAMILIES),
    rule="latest",
    of_network=0,
    costs=(*MILESTONES, END),
    figures=("curves",),
    claims=(
        *(
            Claim(
                f"{better} is more cost-effective than {worse}, at {name} of the ResANN's cost",
                f"{better}, AdaLoss",
                "below",
                than=f"{worse}, AdaLoss",
                cost=cost,
                section="5.2",
            )
            for better, worse in ((MSDNET, DENSEANN), (DENSEANN, RESANN))
            for cost, name in ((0.5, "half"), (0.75, "3/4"))
        ),
        Claim(
            "DenseANN169 with AdaLoss ends as MSDNet38 with CONST, within half a point",
            "DenseANN, AdaLoss",
            "about",
            than="MSDNet, CONST",
            cost=END,
            within=0.5,
            section="5.2",
        ),
    ),
)
