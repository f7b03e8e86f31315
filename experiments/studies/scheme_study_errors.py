"""The errors behind `scheme_study`, and their average over the exits."""

import dataclasses

from experiments.harness.declaration import AE, MILESTONES, Claim
from experiments.studies import scheme_study

EXPERIMENT = dataclasses.replace(
    scheme_study.EXPERIMENT,
    title="Errors (%) of every weighting, sampler and training mode",
    measure="error_top1",
    against=None,
    costs=(AE, *MILESTONES),
    figures=(),
    claims=(
        Claim("const has the better average than sieve", "const", "below", than="sieve", cost=AE),
        Claim(
            "adaloss has the better average than sieve", "adaloss", "below", than="sieve", cost=AE
        ),
    ),
)
