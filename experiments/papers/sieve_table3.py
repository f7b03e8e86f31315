"""002 Table 3: errors of OPT, ANN and AANN, network by network; its EANN is `sieve_fig2e`."""

from experiments.harness.declaration import AE, MILESTONES, Claim, Experiment, Settings
from experiments.papers._networks import CIFAR_AND_SVHN, MEDIUM, QUICK, SMALL, THIRTEEN
from experiments.papers._samplers import AANN, ANN, OPT

EXPERIMENT = Experiment(
    source="002 Table 3",
    title="Errors (%) of OPT, ANN and AANN",
    rows=(OPT, ANN, AANN),
    settings={
        "quick": Settings(networks=(QUICK,), seeds=3, replaces={QUICK: "resann-n9-c16"}),
        "small": Settings(networks=SMALL, datasets=CIFAR_AND_SVHN),
        "medium": Settings(networks=(MEDIUM,), datasets=("cifar100",)),
        "paper": Settings(networks=THIRTEEN, datasets=CIFAR_AND_SVHN),
    },
    lines=("dataset", "networks"),
    costs=(*MILESTONES, AE),
    published="002_table3",
    published_where={"method": ("OPT", "ANN", "AANN")},
    claims=(
        *(
            Claim(
                f"{method} is near OPT at the end: within 2 points",
                method,
                "about",
                than="OPT",
                within=2.0,
                section="4.5",
            )
            for method in ("ANN", "AANN")
        ),
        Claim("AANN averages below ANN", "AANN", "below", than="ANN", cost=AE, section="4.4"),
    ),
)
