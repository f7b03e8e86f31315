"""The errors of `scheme_study`, and their average over the exits."""

from experiments.harness.declaration import AE, MILESTONES, Claim, Experiment
from experiments.studies._schemes import ROWS, SETTINGS

EXPERIMENT = Experiment(
    source="our study of schemes",
    title="Errors (%) of every weighting, sampler and training mode",
    rows=ROWS,
    settings=SETTINGS,
    costs=(AE, *MILESTONES),
    claims=(
        Claim("const has the better average than sieve", "const", "below", than="sieve", cost=AE),
        Claim(
            "adaloss has the better average than sieve", "adaloss", "below", than="sieve", cost=AE
        ),
    ),
)
