"""Which runs are wanted most, as data: what is trained first where there is time for a few only."""

import functools
import itertools

from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.parts import Part
from experiments.harness.plan import PlannedRun, plan

# A run takes the place of the first part that it is in, in whatever table it is asked for. What is
# in no part comes last, table by table.
_CIFAR100, _CIFAR10 = ("cifar100",), ("cifar10",)
_N9_C32 = ("resann-n9-c32",)
_CONST_AND_ADALOSS = ("CONST", "AdaLoss")
_HALF_END_AND_SIEVE = ("half_end", "sieve")
WANTED = {
    "medium": (
        ("adaloss_table1", Part(_CIFAR100, rows=("OPT",), seeds=(0,), last_exit=True)),
        ("adaloss_table1", Part(_CIFAR100, rows=_CONST_AND_ADALOSS, seeds=(0,))),
        ("scheme_study", Part(_CIFAR100, rows=_HALF_END_AND_SIEVE)),
        ("adaloss_table1", Part(_CIFAR100, seeds=(0,))),
        ("adaloss_table1", Part(_CIFAR100, rows=_CONST_AND_ADALOSS)),
        ("sieve_table1", Part(_CIFAR100)),
        ("adaloss_table1", Part(_CIFAR10, rows=("OPT",), seeds=(0,), last_exit=True)),
        ("adaloss_table1", Part(_CIFAR10, rows=_CONST_AND_ADALOSS, seeds=(0,))),
        ("scheme_study", Part(_CIFAR10, rows=_HALF_END_AND_SIEVE)),
        ("adaloss_table1", Part(_CIFAR10, seeds=(0,))),
        ("adaloss_table1", Part(_CIFAR10, rows=_CONST_AND_ADALOSS)),
        ("adaloss_table3", Part(_CIFAR100)),
        ("adaloss_fig5b", Part()),
        ("sieve_fig2e", Part(rows=("EANN",))),
    ),
    "paper": (
        ("adaloss_table1", Part(_CIFAR100, _N9_C32, _CONST_AND_ADALOSS, seeds=(0,))),
        ("adaloss_table1", Part(_CIFAR100, _N9_C32, ("OPT",), seeds=(0,), last_exit=True)),
        ("adaloss_table1", Part(_CIFAR100, _N9_C32)),
        ("sieve_table1", Part(_CIFAR100)),
    ),
}


def most_wanted_first(plans, scale: str) -> dict[str, PlannedRun]:
    """All runs of some plans, each once.

    Args:
        plans: dictionary from the name of an experiment to its runs, as returned by `plan`.
        scale: of the plans.

    Returns:
        Dictionary from the name of a run to the run, most wanted first.
    """
    runs, places = {}, _places(scale)
    for run in itertools.chain.from_iterable(plans.values()):
        runs.setdefault(run.name, run)
    return dict(sorted(runs.items(), key=lambda item: places.get(item[0], len(places))))


@functools.cache
def _places(scale):
    places = {}
    for experiment, part in WANTED.get(scale, ()):
        for run in part.of(plan(EXPERIMENTS[experiment], scale)):
            places.setdefault(run.name, len(places))
    return places
