"""Runs are trained once, kept when others fail, and found again by every table that needs them."""

import concurrent.futures
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from ann.runs.config import RunConfig
from ann.runs.folder import RunFolder
from ann.runs.identity import run_name
from experiments.harness import runner, workers
from experiments.harness.answers import answers, on_test_images_name
from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.cells import cells
from experiments.harness.declaration import END, Experiment, Row, Settings
from experiments.harness.plan import plan
from experiments.harness.scales import FIELDS
from experiments.harness.store import RunStore, sampling_of

ROOT = pathlib.Path(__file__).parents[3]
ROWS = (
    Row("OPT", {"weighting": "opt"}),
    Row("CONST", {"weighting": "const", "sampler": "aann"}),
    Row("linear ensemble", {"weighting": "opt"}, join="linear_ensemble"),
    Row("EANN", {"weighting": "const"}, join="eann", selection="validation"),
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


def test_runs_are_trained_once_and_measured(tiny, tmp_path, monkeypatch, capsys):
    store, runs = RunStore(tmp_path / "results"), plan(tiny, "quick")
    store.folder.mkdir()
    arguments = {"runs_dir": tmp_path / "runs", "store": store, "workers": 2}
    # The time is up as soon as a run is finished: those in progress are saved, none is begun.
    clock = SimpleNamespace(monotonic=lambda: float(len(store.runs()) > 0))
    with monkeypatch.context() as patched:
        patched.setattr(runner, "time", clock)
        assert runner.run({"tiny": runs}, "quick", hours=0.5 / 3600, **arguments) == []
    assert "the time is up: all is saved. The same command goes on." in capsys.readouterr().out
    begun = store.runs()
    assert 1 <= len(begun) < 5
    arguments["workers"] = 1  # each imports TensorFlow
    assert runner.run({"tiny": runs}, "quick", **arguments) == []
    again = store.runs().loc[begun.index, begun.columns]
    pd.testing.assert_frame_equal(again, begun, check_dtype=False)
    names = {run_name(run.config) for run in runs}
    # OPT at three exits, of which the ensemble uses the last; CONST; one with images held out.
    assert len(names) == 5
    stored = store.runs()
    assert names < set(stored.index)
    assert stored.loc[sorted(names)].seconds.notna().all()
    assert stored.loc[sorted(names)].tensorflow.notna().all()
    found = answers(tiny, runs, store.exits())
    assert set(found.method) == {"OPT", "CONST", "linear ensemble", "EANN"}
    const = RunFolder(
        tmp_path / "runs" / run_name(next(run.config for run in runs if run.method == "CONST"))
    )
    curve = pd.read_csv(const.curve)
    assert found[found.method == "CONST"].error_top1.tolist() == curve.error_top1.tolist()
    # The EANN's exits were selected on held-out images; its errors are those of the test images.
    member = next(run for run in runs if run.method == "EANN")
    on_test = store.exits().set_index("run").loc[on_test_images_name(member)].error_top1
    assert set(found[found.method == "EANN"].error_top1) <= set(on_test)
    # One network is its own ensemble.
    own = cells(tiny, found).set_index(["method", "cost"]).value
    assert own["linear ensemble", "end"] == pytest.approx(own["OPT", "end"])
    assert set(store.sampling().run) == {const.path.name}

    before = const.curve.stat().st_mtime_ns
    arguments["runs_dir"] = tmp_path / "elsewhere"
    assert runner.run({"tiny": runs}, "quick", **arguments) == []
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


def test_a_run_of_another_process_is_left_to_it(tmp_path, monkeypatch):
    store, path = RunStore(tmp_path / "results"), tmp_path / "run"
    config = RunConfig.from_fields({"dataset": "synthetic", "model": "resann-n1-c4"})
    monkeypatch.setattr(workers, "_stopping", threading.Event())
    monkeypatch.setattr(workers, "_SECONDS_TO_WAIT_FOR_A_FOLDER", 0.1)
    with RunFolder(path).open(config):
        ended = workers.train_run(config, path, store)
    assert ended.how == workers.IN_USE
    assert f"process {os.getpid()} on " in ended.why
    store.add_measurement(path.name, pd.DataFrame({"exit": [0]}))
    assert workers.train_run(config, path, store) == workers.Ended(path, workers.STORED)
    assert not RunFolder(path).epochs.exists()


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


SLOW = """
import sys
from ann.runs.config import RunConfig
from ann.runs.identity import run_name
from experiments.harness import runner
from experiments.harness.store import RunStore
import pathlib

if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    one = {"dataset": "synthetic", "model": "resann-n1-c4", "batch_size": 16, "epochs": 100000}
    configs = [RunConfig.from_fields({**one, "seed": seed}) for seed in (0, 1)]
    named, train_all = {run_name(config): config for config in configs}, runner.train_all
    runner._run = lambda *args: train_all(named, folder, RunStore(folder / "r"), 1)
    runner.run({}, "quick", runs_dir=folder, store=None, workers=1)
"""


@pytest.fixture
def training_process(tmp_path):
    """A runner whose worker trains a run without end; and the worker's process."""
    script = tmp_path / "slow.py"
    script.write_text(SLOW)
    with subprocess.Popen(
        [sys.executable, script, tmp_path / "runs"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while not list((tmp_path / "runs").glob("*/epochs.csv")):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.1)
        (holder,) = (tmp_path / "runs").glob("*/.lock_holder.json")
        yield process, json.loads(holder.read_text())["process"]
        process.kill()


def ended(pid, seconds=60):
    for _ in range(10 * seconds):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_a_signal_stops_the_workers_and_says_how_to_go_on(training_process, tmp_path):
    process, worker = training_process
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 143
    assert "stopped by SIGTERM: all is saved. The same command goes on." in said
    assert "Traceback" not in said
    assert ended(worker)
    (folder,) = (path.parent for path in (tmp_path / "runs").glob("*/config.json"))
    assert not RunFolder(folder).lock_holder.exists()
    assert list(RunFolder(folder).checkpoints.glob("checkpoint_0*.state"))


def test_workers_end_with_their_parent(training_process):
    process, worker = training_process
    process.kill()
    assert ended(worker)


def test_two_writers_lose_no_rows_of_each_other(tmp_path):
    def write(name):
        store = RunStore(tmp_path)  # with a lock of its own, as in another process
        for index in range(20):
            store._write("runs", pd.DataFrame({"run": [f"{name}-{index}"]}))

    with concurrent.futures.ThreadPoolExecutor() as pool:
        list(pool.map(write, "abc"))
    expected = {f"{name}-{index}" for name in "abc" for index in range(20)}
    assert set(RunStore(tmp_path).runs().index) == expected


def test_a_store_that_cannot_be_added_to_is_refused_before_training(tmp_path):
    store = RunStore(tmp_path / "results")
    store.require_usable()
    (store.folder / "run_exits.csv").write_text('rubbish,"')
    with pytest.raises(ValueError, match=r"run_exits.csv is damaged: "):
        store.require_usable()
    (store.folder / "run_exits.csv").write_text("exit,error\n0,1.0\n")
    with pytest.raises(ValueError, match=r"run_exits.csv is damaged: it has no column run"):
        store.require_usable()
    (tmp_path / "file").write_text("")
    with pytest.raises(FileExistsError):
        RunStore(tmp_path / "file").require_usable()
