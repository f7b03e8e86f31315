"""002 appendix D.4: how much weight the drawn exit gets. The grids of gamma and eta need settings
that runs do not have."""

from experiments.harness.declaration import AE, MILESTONES, Claim, Experiment, Row, Settings
from experiments.papers._networks import CIFAR, QUICK

GRID = (0.25, 0.5, 1.0, 2.0)
EXPERIMENT = Experiment(
    source="002 section 4.4, D.4",
    title="Errors (%) of AANN with the drawn exit's extra weight tau",
    rows=tuple(
        Row(f"tau={tau}", {"weighting": "sieve", "sampler": "aann", "tau": tau}) for tau in GRID
    ),
    settings={
        "quick": Settings(networks=(QUICK,), seeds=3),
        "paper": Settings(networks=("resann-n5-c16",), datasets=CIFAR, fields={"hold_out": True}),
    },
    costs=(*MILESTONES, AE),
    claims=(
        *(
            Claim(
                f"tau = 0.5 is the best choice: its average is below that of {tau}",
                "tau=0.5",
                "below",
                than=f"tau={tau}",
                cost=AE,
                section="4.4",
            )
            for tau in (0.25, 1.0, 2.0)
        ),
        Claim(
            "the performance is not overly sensitive: from 0.25 to 2.0 within 2 points at the end",
            "tau=2.0",
            "about",
            than="tau=0.25",
            within=2.0,
            section="D.4",
        ),
    ),
)
