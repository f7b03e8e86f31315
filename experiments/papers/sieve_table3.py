"""002 Table 3: errors of OPT, ANN and AANN, network by network; its EANN is `sieve_fig2e`."""

from experiments.harness.declaration import AE, MILESTONES, Claim, Experiment, Settings
from experiments.papers.networks import CIFAR_AND_SVHN, QUICK, SMALL, THIRTEEN
from experiments.papers.samplers import AANN, ANN, OPT

EXPERIMENT = Experiment(
    source="002 Table 3",
    title="Errors (%) of OPT, ANN and AANN",
    rows=(OPT, ANN, AANN),
    settings={
        "quick": Settings(networks=(QUICK,), seeds=3, stand_ins={QUICK: "resann-n9-c16"}),
        "small": Settings(networks=SMALL, datasets=CIFAR_AND_SVHN),
        "paper": Settings(networks=THIRTEEN, datasets=CIFAR_AND_SVHN),
    },
    lines=("dataset", "networks"),
    costs=(*MILESTONES, AE),
    published="002_table3",
    published_where={"method": ("OPT", "ANN", "AANN")},
    claims=(
        Claim("ANN ends near OPT, within 2 points", "ANN", "about", than="OPT", within=2.0),
        Claim("AANN averages below ANN", "AANN", "below", than="ANN", cost=AE),
    ),
)
