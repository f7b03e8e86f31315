"""Runs are trained once, kept when others fail, and found again by every table that needs them."""

import numpy as np
import pandas as pd
import pytest

from ann.runs.folder import RunFolder
from ann.runs.identity import run_name
from experiments.harness import runner
from experiments.harness.answers import answers
from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.cells import cells
from experiments.harness.declaration import END, Experiment, Row, Settings
from experiments.harness.plan import plan
from experiments.harness.scales import FIELDS
from experiments.harness.store import RunStore, sampling_of

ROWS = (
    Row("OPT", {"weighting": "opt"}),
    Row("CONST", {"weighting": "const", "sampler": "aann"}),
    Row("linear ensemble", {"weighting": "opt"}, join="linear_ensemble"),
)


@pytest.fixture
def tiny(monkeypatch):
    settings = Settings(networks=("resann-n1-c4",), datasets=("synthetic",))
    declared = Experiment(
        "", "tiny", rows=ROWS, settings={"quick": settings}, rule="latest", costs=(END,)
    )
    monkeypatch.setitem(EXPERIMENTS, "tiny", declared)
    monkeypatch.setitem(
        FIELDS["quick"], "synthetic", {"batch_size": 16, "train_examples": 32, "epochs": 2}
    )
    return declared


def test_runs_are_trained_once_and_measured(tiny, tmp_path):
    store, runs = RunStore(tmp_path / "results"), plan(tiny, "quick")
    store.folder.mkdir()
    assert runner.run(["tiny"], "quick", runs_dir=tmp_path / "runs", store=store, workers=2) == []
    names = {run_name(run.config) for run in runs}
    assert len(names) == 4  # OPT at three exits, of which the ensemble uses the last; CONST
    stored = store.runs()
    assert names < set(stored.index)
    assert stored.loc[sorted(names)].seconds.notna().all()
    assert stored.loc[sorted(names)].tensorflow.notna().all()
    found = answers(tiny, runs, store.exits())
    assert set(found.method) == {"OPT", "CONST", "linear ensemble"}
    const = RunFolder(
        tmp_path / "runs" / run_name(next(run.config for run in runs if run.method == "CONST"))
    )
    curve = pd.read_csv(const.curve)
    assert found[found.method == "CONST"].error_top1.tolist() == curve.error_top1.tolist()
    # One network is its own ensemble.
    own = cells(tiny, found).set_index(["method", "cost"]).value
    assert own["linear ensemble", "end"] == pytest.approx(own["OPT", "end"])
    assert set(store.sampling().run) == {const.path.name}

    before = const.curve.stat().st_mtime_ns
    assert (
        runner.run(["tiny"], "quick", runs_dir=tmp_path / "elsewhere", store=store, workers=2) == []
    )
    assert const.curve.stat().st_mtime_ns == before
    assert not (tmp_path / "elsewhere").exists()
    pd.testing.assert_frame_equal(store.runs(), stored)


def test_a_run_that_fails_costs_no_other(tiny, tmp_path):
    store, runs = RunStore(tmp_path / "results"), plan(tiny, "quick")
    store.folder.mkdir()
    configs = {run_name(run.config): run.config for run in runs[-2:]}
    spoilt = tmp_path / "runs" / next(iter(configs))
    spoilt.mkdir(parents=True)
    (spoilt / "config.json").write_text("{")
    (failure,) = runner.train_all(configs, tmp_path / "runs", store, workers=1)
    assert "unreadable config.json" in failure
    assert spoilt.name in failure
    assert set(store.runs().index) == set(configs) - {spoilt.name}


def test_a_data_set_that_is_not_there_is_left_out(monkeypatch):
    def load(name):
        if name == "cifar100":
            raise FileNotFoundError("cifar100 is not prepared")

    monkeypatch.setattr(runner.data, "load", load)
    found, missing = runner.prepared({"cifar100", "digits"})
    assert found == {"digits"}
    assert len(missing) == 1
    assert missing[0].startswith("cifar100 is left out: cifar100 is not prepared")


def test_a_run_that_is_added_again_replaces_itself(tmp_path):
    store = RunStore(tmp_path)
    for error in (40.0, 30.0):
        store.add_measurement("one", pd.DataFrame({"exit": [0], "error_top1": [error]}))
    store.add_measurement("two", pd.DataFrame({"exit": [0], "error_top1": [1.0]}))
    assert store.exits().set_index("run").error_top1.to_dict() == {"one": 30.0, "two": 1.0}
    assert list(store.runs().index) == ["one", "two"]


def test_numbers_stay_as_they_were_measured(tmp_path):
    store, numbers = RunStore(tmp_path), np.random.default_rng(0).uniform(size=100)
    store.add_measurement("one", pd.DataFrame({"exit": range(100), "error_top1": numbers}))
    for name in ("two", "three"):
        store.add_measurement(name, pd.DataFrame({"exit": [0], "error_top1": [1.0]}))
    assert store.exits().error_top1[:100].tolist() == numbers.tolist()


def test_probabilities_are_thinned_but_end_with_the_last(tmp_path):
    folder = RunFolder(tmp_path)
    log = pd.DataFrame(
        {"epoch": range(100), "exit_00_probability": 0.25, "exit_01_probability": 0.75}
    )
    log.to_csv(folder.epochs, index=False)
    kept = sampling_of(folder)
    assert kept.epoch.max() == 99
    assert len(kept) == 2 * 25
    assert kept[kept.exit == 1].probability.eq(0.75).all()
