"""001 Fig. 5e: MSDNet33 with AdaLoss against MSDNet38 with CONST on ILSVRC."""

from experiments.harness.declaration import END, Claim, Experiment
from experiments.papers._networks import QUICK_MSDNETS, SMALL_MSDNETS, on_ilsvrc
from experiments.papers._small_against_large import FASTER, LARGE, PANEL, SMALL

EXPERIMENT = Experiment(
    source="001 Fig. 5e",
    title="A small network with AdaLoss against a large one with CONST, MSDNets on ILSVRC",
    settings=on_ilsvrc(QUICK_MSDNETS, SMALL_MSDNETS, ("msdnet33", "msdnet38")),
    claims=(
        Claim(
            "MSDNet33 with AdaLoss ends at 24.5 % where MSDNet38 ends at 24.3 %: within 2 % of it",
            LARGE,
            "about",
            cost=END,
            within=2.0,
            section="5.2",
        ),
        *(
            Claim(
                f"the two have similar early errors, within 5 % at {name} of the small one's cost",
                LARGE,
                "about",
                than=SMALL,
                cost=cost,
                within=5.0,
                section="5.2",
            )
            for cost, name in ((0.25, "1/4"), (0.5, "half"))
        ),
        *FASTER,
    ),
    **PANEL,
)
