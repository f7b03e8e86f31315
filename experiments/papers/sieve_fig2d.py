"""002 Fig. 2d: training loss of each exit with SIEVE and with Half-End, on CIFAR-100."""

from experiments.harness.declaration import AE, MILESTONES, Claim, Experiment, Row, Settings
from experiments.papers._networks import QUICK

NAMES = {0.25: "1/4", 0.5: "half", 0.75: "3/4"}
EXPERIMENT = Experiment(
    source="002 Fig. 2d",
    title="Training loss (nats) at the end of training",
    rows=(
        Row("constant", {"weighting": "const"}),
        Row("half-end", {"weighting": "half_end"}),
        Row("sieve", {"weighting": "sieve"}),
    ),
    settings={
        "quick": Settings(networks=(QUICK,), seeds=3, stand_in="CIFAR-10 in place of CIFAR-100"),
        "small": Settings(networks=("resann-n3-c16",), datasets=("cifar10", "cifar100")),
        "medium": Settings(networks=("resann-n5-c16",), datasets=("cifar100",)),
        "paper": Settings(
            networks=("resann-n5-c16",), datasets=("cifar100",), fields={"hold_out": True}
        ),
    },
    measure="training_loss",
    costs=(*MILESTONES, AE),
    figures=("training_losses",),
    claims=(
        Claim(
            "sieve reduces the loss of almost all exits over half-end: a smaller mean",
            "sieve",
            "below",
            than="half-end",
            cost=AE,
            section="4.3",
        ),
        *(
            Claim(
                f"sieve has a smaller loss than half-end at {name}",
                "sieve",
                "below",
                than="half-end",
                cost=cost,
                section="4.3",
            )
            for cost, name in NAMES.items()
        ),
    ),
)
