"""002 section 4.4 and appendix D.4: the settings of the samplers, each varied around the chosen one
(gamma = 0.3, eta = 0.8, tau = 0.5)."""

from experiments.harness.declaration import AE, MILESTONES, Claim, Experiment, Row, Settings
from experiments.papers._networks import CIFAR, QUICK

AANN = {"weighting": "sieve", "sampler": "aann"}
EXP3 = {"weighting": "sieve", "sampler": "exp3"}
TAU = (0.25, 0.5, 1.0, 2.0)
GAMMA = (0.1, 0.2, 0.3, 0.4)
ETA = (0.7, 0.8, 0.9, 1.0)

EXPERIMENT = Experiment(
    source="002 section 4.4, D.4",
    title="Errors (%) with other settings of the samplers",
    rows=(
        *(Row(f"AANN, tau={tau}", AANN | {"tau": tau}) for tau in TAU),
        *(Row(f"EXP3, gamma={gamma}", EXP3 | {"sampler_gamma": gamma}) for gamma in GAMMA),
        *(Row(f"EXP3, eta={eta}", EXP3 | {"sampler_eta": eta}) for eta in ETA),
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
                "AANN, tau=0.5",
                "below",
                than=f"AANN, tau={tau}",
                cost=AE,
                section="4.4",
            )
            for tau in TAU
            if tau != 0.5
        ),
        *(
            Claim(
                f"the performance is not overly sensitive to {name}: from {low} to {high} within "
                "2 points at the end",
                f"{method}, {name}={high}",
                "about",
                than=f"{method}, {name}={low}",
                within=2.0,
                section="D.4",
            )
            for method, name, (low, *_, high) in (
                ("AANN", "tau", TAU),
                ("EXP3", "gamma", GAMMA),
                ("EXP3", "eta", ETA),
            )
        ),
    ),
)
