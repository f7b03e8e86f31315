"""Which part of a table is run, and in which order."""

import re

import pandas as pd
import pytest

from ann.runs.folder import RunFolder
from ann.runs.identity import run_name
from experiments.harness.catalogue import EXPERIMENTS, names_of
from experiments.harness.parts import Part, references_left_out
from experiments.harness.plan import plan
from experiments.harness.plan_text import queue_as_text
from experiments.harness.store import RunStore
from experiments.harness.wanted import WANTED, most_wanted_first


@pytest.fixture(scope="module")
def plans():
    return {name: plan(EXPERIMENTS[name], "medium") for name in names_of(["all"], "medium")}


def test_the_queue_begins_with_what_is_wanted_most(plans):
    queue = most_wanted_first(plans, "medium")
    wanted = [run.config for run in queue.values()][:9]
    assert {config.model.model for config in wanted} == {"resann-n7-c16"}
    assert {config.data.dataset for config in wanted} == {"cifar100"}
    weightings = [config.weighting.weighting for config in wanted]
    assert weightings[:5] == ["opt", "const", "adaloss", "half_end", "sieve"]
    assert weightings[5:] == ["opt", "opt", "opt", "linear"]
    # The exits at 1/4, 1/2 and 3/4 of 21 units come after the last one.
    exits = [config.weighting.opt_at for config in wanted if config.weighting.weighting == "opt"]
    assert exits == [20, 4, 10, 15]


def test_the_queue_has_every_run_once(plans):
    queue = most_wanted_first(plans, "medium")
    assert set(queue) == {run_name(run.config) for runs in plans.values() for run in runs}
    # A table that shares its runs with another one has them in the same order.
    alone = most_wanted_first({"sieve_table2b": plans["sieve_table2b"]}, "medium")
    assert list(alone) == [name for name in queue if name in alone]


def test_the_queue_of_the_paper_scale_begins_with_its_largest_comparison():
    """001's ResANN (9, 32) on CIFAR-100, until there is an accelerator for all of them."""
    queue = most_wanted_first({"all": plan(EXPERIMENTS["adaloss_table1"], "paper")}, "paper")
    first = [run.config for run in queue.values()][:3]
    assert [config.weighting.weighting for config in first] == ["const", "adaloss", "opt"]
    assert {config.model.model for config in first} == {"resann-n9-c32"}
    assert {config.data.dataset for config in first} == {"cifar100"}
    assert first[2].weighting.opt_at == 26


@pytest.mark.parametrize("scale", WANTED)
def test_all_that_is_wanted_is_declared(scale):
    for experiment, part in WANTED[scale]:
        planned = plan(EXPERIMENTS[experiment], scale)
        part.check(planned)
        assert part.of(planned), (experiment, part)


def test_a_part_is_what_all_its_names_have_in_common(plans):
    part = Part(datasets=("cifar10",), rows=("CONST", "AdaLoss"), seeds=("1", "2"))
    found = part.of(plans["adaloss_table1"])
    assert {(run.dataset, run.method, run.seed) for run in found} == {
        ("cifar10", method, seed) for method in ("CONST", "AdaLoss") for seed in (1, 2)
    }
    pair = Part(networks=("resann-n13-c16",)).of(plans["adaloss_fig5b"])
    assert pair == plans["adaloss_fig5b"]


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"rows": ("CNST",)}, r"rows must be one of AdaLoss, CONST, LINEAR, OPT. Did you mean 'CO"),
        ({"seeds": ("3",)}, r"seeds must be one of 0, 1, 2. Received: seeds='3'"),
        ({"datasets": ("svhn",)}, r"datasets must be one of cifar10, cifar100\."),
        ({"networks": ("resann-n9-c16",)}, r"networks must be one of resann-n7-c16\."),
    ],
)
def test_what_no_run_has_is_refused_with_what_is_allowed(plans, part, message):
    with pytest.raises(ValueError, match=message):
        Part(**part).check(plans["adaloss_table1"])


def test_a_name_with_a_comma_is_shown_as_the_command_line_takes_it(plans):
    with pytest.raises(ValueError, match='AdaLoss, small", "CONST, large"'):
        Part(rows=("CONST large",)).check(plans["adaloss_fig5b"])


def test_the_row_to_compare_with_is_missed_unless_it_is_trained(plans):
    experiment, runs = EXPERIMENTS["adaloss_table1"], plans["adaloss_table1"]
    part = Part(rows=("CONST",), seeds=(1,))
    opt = {run.name for run in Part(rows=("OPT",), seeds=(1,)).of(runs)}
    assert references_left_out(experiment, runs, part, set()) == ["OPT"]
    assert references_left_out(experiment, runs, part, opt) == []
    assert references_left_out(experiment, runs, Part(rows=("CONST", "OPT")), set()) == []
    assert references_left_out(experiment, runs, Part(seeds=(1,)), set()) == []


def test_names_that_no_run_has_together_are_refused(plans):
    runs = [run for name in ("adaloss_table1", "sieve_table1") for run in plans[name]]
    with pytest.raises(ValueError, match="no run is of all these at once. Received: {'rows'"):
        Part(rows=("midfeat",), seeds=(1,)).check(runs)


def test_what_is_left_is_shown_with_an_estimate(plans, tmp_path):
    queue = most_wanted_first({"adaloss_table3": plans["adaloss_table3"]}, "medium")
    first, second, *_ = queue
    store = RunStore(tmp_path)
    assert "hours unknown until a run has been timed" in queue_as_text(queue, tmp_path, store)
    facts = {"seconds": 7200.0, "workers": 2, "training_macs": 8.76e14}
    store.add_measurement(first, pd.DataFrame({"exit": [0]}), **facts)
    log = RunFolder(tmp_path / second).epochs
    log.parent.mkdir()
    log.write_text("epoch\n" + "0\n" * 30)  # half of its epochs
    *lines, end = queue_as_text(queue, tmp_path, store).splitlines()
    assert len(lines) == len(queue) - 1
    assert re.search(rf"epoch  30/60 +0.5 h +0.5 h in all  {second}", lines[0])
    assert re.search(r"epoch   0/60 +1 h +1.5 h in all", lines[1])
    assert end.startswith(f"1 of {len(queue)} runs are finished; ")
