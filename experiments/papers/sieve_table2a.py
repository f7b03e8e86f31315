"""002 Table 2a: in how many settings AANN and Milestone beat the plain ANN, judged with Hoeffding's
bound (note 4)."""

from experiments.harness.declaration import AE, Claim, Experiment
from experiments.papers._samplers import AANN, ANN, MILESTONE, WON_AGAINST_ANN

EXPERIMENT = Experiment(
    source="002 Table 2a",
    title="Settings (%) in which a sampler has a lower error than the plain ANN",
    rows=(ANN, MILESTONE, AANN),
    **WON_AGAINST_ANN,
    published="002_table2a",
    claims=(
        *(
            Claim(
                f"AANN improves over ANN {where}",
                "AANN",
                "above",
                than="ANN",
                cost=cost,
                section="4.4",
            )
            for cost, where in (
                (0.25, "at 1/4"),
                (0.5, "at half"),
                (0.75, "at 3/4"),
                (AE, "on average"),
            )
        ),
        *(
            Claim(
                f"Milestone degrades the performance {where}",
                "Milestone",
                "below",
                than="ANN",
                cost=cost,
                section="4.4",
            )
            for cost, where in ((1.0, "at the end"), (AE, "on average"))
        ),
    ),
)
