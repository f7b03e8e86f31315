"""001 Table 3: the share gamma of constant weights in AdaLoss."""

from experiments.harness.declaration import Claim, Experiment, Row
from experiments.papers._ablation import settings_of

EXPERIMENT = Experiment(
    source="001 Table 3",
    title="Relative increase of the error (%) over gamma = 0",
    rows=(
        Row("gamma=0.0", {"weighting": "adaloss", "gamma": 0.0}),
        Row("gamma=0.05", {"weighting": "adaloss", "gamma": 0.05}),
        Row("gamma=0.15", {"weighting": "adaloss", "gamma": 0.15}),
    ),
    settings=settings_of("gamma"),
    measure="relative_increase",
    against="gamma=0.0",
    published="001_table3",
    claims=(
        Claim(
            "gamma = 0.05 lowers the early error, by 20 % on average: 15 to 25 %",
            "gamma=0.05",
            "between",
            cost=0.25,
            bounds=(-25.0, -15.0),
            section="C.2",
        ),
        Claim(
            "gamma = 0.05 lowers the early error",
            "gamma=0.05",
            "below",
            cost=0.25,
            section="C.2",
        ),
        Claim(
            "... and costs a minor 2.5 % late, on average: at most 5 %",
            "gamma=0.05",
            "between",
            bounds=(0.0, 5.0),
            section="C.2",
        ),
        Claim(
            "gamma = 0.15 has only marginal benefits early over 0.05: within 5 % on average",
            "gamma=0.15",
            "between",
            than="gamma=0.05",
            cost=0.25,
            bounds=(-5.0, 5.0),
            section="C.2",
        ),
        Claim(
            "... and the same negative impact late",
            "gamma=0.15",
            "above",
            than="gamma=0.05",
            section="C.2",
        ),
    ),
)
