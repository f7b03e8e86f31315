"""001 Proposition 4.1: what a sequence of ever deeper networks costs beyond the one that is
needed. Exact values of sequences of 60 networks beside the closed forms; nothing is trained."""

from experiments.harness.declaration import (
    MEAN_COST,
    MEAN_COST_BOUND,
    SUPREMUM,
    SUPREMUM_FORMULA,
    Claim,
    Experiment,
    Row,
    Settings,
)

ANYTIME, PLAIN = "anytime networks", "plain networks"
EXPERIMENT = Experiment(
    source="001 Proposition 4.1",
    title="Cost ratio C of sequences of networks, of depths 1, b, b^2, ...",
    rows=(
        Row(ANYTIME, join="eann"),
        Row(f"{ANYTIME}, 2 workers", join="eann", workers=2),
        Row(f"{ANYTIME}, 4 workers", join="eann", workers=4),
        Row(PLAIN, join="plain_sequence"),
    ),
    settings={
        "paper": Settings(
            networks=("b=1.5", "b=2", "b=2.41421356237", "b=3", "b=4"), datasets=("",)
        )
    },
    measure="cost_inflation",
    rule="latest",
    costs=(SUPREMUM, SUPREMUM_FORMULA, MEAN_COST, MEAN_COST_BOUND),
    lines=("networks",),
    figures=("cost_ratio",),
    claims=(
        Claim(
            "sup C is 2 + 1/(b-1)",
            ANYTIME,
            "about",
            than=ANYTIME,
            cost=SUPREMUM,
            than_cost=SUPREMUM_FORMULA,
            within=0.001,
        ),
        Claim(
            "E[C] is at most 1 - 1/(2b) + (1 + ln b)/(b-1)",
            ANYTIME,
            "between",
            than=ANYTIME,
            cost=MEAN_COST,
            than_cost=MEAN_COST_BOUND,
            bounds=(-float("inf"), 1e-9),  # the last bits of a sum
        ),
        *(
            Claim(
                f"{workers} workers take b to b^{workers}: sup C is at most 2 + 1/(b^{workers}-1)",
                f"{ANYTIME}, {workers} workers",
                "below",
                than=f"{ANYTIME}, {workers} workers",
                cost=SUPREMUM,
                than_cost=SUPREMUM_FORMULA,
                section="4",
            )
            for workers in (2, 4)
        ),
        Claim(
            "... and no less: within 0.05 of it with 2 workers",
            f"{ANYTIME}, 2 workers",
            "about",
            than=f"{ANYTIME}, 2 workers",
            cost=SUPREMUM,
            than_cost=SUPREMUM_FORMULA,
            within=0.05,
            section="4",
        ),
        Claim(
            "with plain networks sup C is at least 4",
            PLAIN,
            "between",
            cost=SUPREMUM,
            bounds=(4.0 - 1e-6, float("inf")),
            section="4",
        ),
        Claim(
            "... and E[C] at least 1.5 + sqrt 2",
            PLAIN,
            "between",
            cost=MEAN_COST,
            bounds=(2.914, float("inf")),
            section="4",
        ),
    ),
)
