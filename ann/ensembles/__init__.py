"""Sequences of networks that form one anytime network, and what they cost (001 section 4)."""

from ann.ensembles.eann import EANN, linear_ensemble
from ann.ensembles.inflation import cost_inflation, cost_ratio, exact_cost_inflation
from ann.ensembles.parallel import ParallelEANN
from ann.ensembles.schedule import fifo_answers, fifo_schedule
from ann.ensembles.selection import select_by_depth, select_by_validation, select_deeper

__all__ = [
    "EANN",
    "ParallelEANN",
    "cost_inflation",
    "cost_ratio",
    "exact_cost_inflation",
    "fifo_answers",
    "fifo_schedule",
    "linear_ensemble",
    "select_by_depth",
    "select_by_validation",
    "select_deeper",
]
