"""TensorFlow, JAX on one device and JAX on two train to the same numbers, and go on alike."""

import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from ann.training import Checkpoints

ROOT = pathlib.Path(__file__).parent.parent.parent
SCRIPT = pathlib.Path(__file__).parent / "engine_runs.py"
_SPEC = importlib.util.spec_from_file_location("engine_runs", SCRIPT)
engine_runs = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(engine_runs)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Folder of all runs on JAX, in one process with two virtual devices."""
    pytest.importorskip("jax")
    root = tmp_path_factory.mktemp("runs")
    for case in engine_runs.CASES:
        engine_runs.begin(case, root / case / "start")
    environment = {
        **os.environ,
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        # Two devices; a program that runs a few times is not worth XLA's optimizations.
        "XLA_FLAGS": "--xla_force_host_platform_device_count=2 --xla_backend_optimization_level=0",
        "PYTHONPATH": str(ROOT),
        # Runs of one program compile it once.
        "JAX_COMPILATION_CACHE_DIR": str(root / "compiled"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }
    run = subprocess.run(
        [sys.executable, SCRIPT, root],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return root


def assert_close(mine, theirs, rtol, atol):
    """Equal logs and states within a tolerance; 0 for equal bits."""
    logs = [
        pd.read_csv(folder / "epochs.csv").drop(columns=["seconds", "images_per_second"])
        for folder in (mine, theirs)
    ]
    assert list(logs[0]) == list(logs[1])
    np.testing.assert_allclose(*logs, rtol=rtol, atol=atol)
    states = [np.load(folder / "state.npz") for folder in (mine, theirs)]
    assert states[0].files == states[1].files
    for name in states[0].files:
        np.testing.assert_allclose(
            states[0][name], states[1][name], rtol=rtol, atol=atol, err_msg=name
        )


@pytest.mark.parametrize("case", engine_runs.CASES)
def test_the_numbers_of_tensorflow_from_its_checkpoint(runs, case):
    expected = runs / case / "tensorflow"
    shutil.copytree(runs / case / "start", expected)
    engine_runs.run(case, expected)
    assert len(pd.read_csv(expected / "epochs.csv")) == engine_runs.EPOCHS
    for name in engine_runs.ON_JAX[case]:
        assert_close(runs / case / name, expected, rtol=1e-3, atol=1e-4)


def test_many_steps_per_call_give_the_numbers_of_one(runs):
    case = runs / "adaloss exp3"
    assert_close(case / "three steps", case / "one device", rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["one device", "three steps"])
def test_a_stopped_run_on_jax_ends_with_the_bits_of_the_whole_one(runs, name):
    assert_close(runs / f"parts {name}", runs / f"whole {name}", rtol=0, atol=0)


def test_tensorflow_goes_on_from_a_checkpoint_of_jax(runs):
    case, folder = "adaloss exp3", runs / "adaloss exp3" / "back"
    paths = Checkpoints(runs / case / "one device" / "checkpoints").newest_first()
    (folder / "checkpoints").mkdir(parents=True)
    shutil.copy(paths[1], folder / "checkpoints")  # after the first epoch
    shutil.copy(runs / case / "one device" / "epochs.csv", folder)
    engine_runs.run(case, folder)
    assert_close(folder, runs / case / "one device", rtol=1e-3, atol=1e-4)


def test_seeds_of_another_engine_are_refused(runs):
    model = engine_runs.network(dropout=0.3)
    model.compile(**engine_runs.CASES["dwa aann, averaged"]())
    with pytest.raises(ValueError, match="seed_generator_state uint32.*in place of.*int64"):
        Checkpoints(runs / "whole one device" / "checkpoints").restore(model)
