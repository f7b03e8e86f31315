"""Rows that 002's comparisons of samplers share."""

from experiments.harness.declaration import Row

ANN = Row("ANN", {"weighting": "sieve"})
AANN = Row("AANN", {"weighting": "sieve", "sampler": "aann"})
MILESTONE = Row("Milestone", {"weighting": "sieve", "sampler": "milestone"})
EXP3 = Row("EXP3", {"weighting": "sieve", "sampler": "exp3"})
RWM = Row("RWM", {"weighting": "sieve", "sampler": "rwm"})
AVGL = Row("AVGL", {"weighting": "sieve", "sampler": "avgl"})
OPT = Row("OPT", {"weighting": "opt"})
