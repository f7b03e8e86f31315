"""Every weighting and every sampler trains to the same numbers on JAX as on TensorFlow."""

import itertools

import pytest

from ann import losses
from benchmarks import same_numbers

# A pairwise selection of weightings and samplers: each of both at least once.
SAMPLERS = itertools.cycle([*losses.samplers(), None])
CASES = [(name, None if name == "opt" else next(SAMPLERS)) for name in losses.schemes()]
# Adaptive, learned, with gradient norms; each number of devices with two samplers.
OVER_DEVICES = {"jax, 4 devices": CASES[-1:-3:-1], "jax, 2 devices": CASES[-3:-5:-1]}
JOBS = [
    *((place, case) for place, cases in OVER_DEVICES.items() for case in cases),
    *(("jax, one device", case) for case in CASES),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What all jobs left, in one process."""
    pytest.importorskip("jax")
    root = str(tmp_path_factory.mktemp("jobs"))
    # Compiling takes nearly all of the time.
    assert (
        same_numbers.start(root, JOBS, XLA_FLAGS="--xla_backend_optimization_level=0").wait() == 0
    )
    return root


def test_all_names_are_there():
    assert {sampler for _, sampler in CASES} == {None, *losses.samplers()}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_same_numbers(folder, case):
    reference = same_numbers.train(case, run_eagerly=True)
    for place in [place for place, of_job in JOBS if of_job == case]:
        found = same_numbers.result(folder, place, case)
        row = same_numbers.compared(case, place, found, reference)
        assert max(row["losses"], row["exit_weights"], row["weights"]) < 1e-4, row
