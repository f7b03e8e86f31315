"""`ann train` and `ann evaluate` on JAX, where there is no TensorFlow."""

import json
import os
import pathlib
import re
import socket
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest

from ann import data, evaluation
from ann.models import MultiExitModel
from ann.runs import RunFolder

ROOT = pathlib.Path(__file__).parent.parent.parent
SCRIPT = pathlib.Path(__file__).parent / "run_on_jax.py"


def start(root, devices=1, **environment):
    """The script in a process of its own with so many virtual devices."""
    environment = {
        **os.environ,
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        "PYTHONPATH": str(ROOT),
        "JAX_COMPILATION_CACHE_DIR": str(root / "compiled"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        # A program that runs a few times is not worth XLA's optimizations.
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices} "
        "--xla_backend_optimization_level=0",
        **environment,
    }
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, SCRIPT, root], cwd=ROOT, env=environment, **pipes)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Folder and output of the script, in one process with two virtual devices."""
    pytest.importorskip("jax")
    root = tmp_path_factory.mktemp("jax")
    process = start(root, devices=2)
    output, errors = process.communicate()
    assert process.returncode == 0, errors
    return root, output


def test_two_processes_train_as_one(run):
    root, _ = run
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        addresses = [f"127.0.0.1:{server.getsockname()[1]}" for server in (one, two)]
    processes = []
    for index in range(2):
        task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        processes.append(start(root, TF_CONFIG=json.dumps(task)))
    for process in processes:
        _, errors = process.communicate()
        assert process.returncode == 0, errors
    for names in (("workers", "whole"), ("with_pictures", "of_pictures")):
        folders = [RunFolder(root / name) for name in names]
        logs = [pd.read_csv(folder.epochs) for folder in folders]
        logs = [log.drop(columns=["seconds", "images_per_second"]) for log in logs]
        np.testing.assert_allclose(*logs, rtol=1e-4)
        curves = [pd.read_csv(folder.curve) for folder in folders]
        np.testing.assert_allclose(*curves, rtol=1e-4)


def test_a_run_leaves_what_it_leaves_on_tensorflow(run):
    root, output = run
    folder = RunFolder(root / "whole")
    assert {path.name for path in folder.path.iterdir()} >= {
        *("config.json", "data.json", "environment.json", "epochs.csv", "tensorboard"),
        *("checkpoints", "model.keras", "curve.csv", "curve.png", "weights.png", "report.html"),
    }
    environment = json.loads(folder.environment.read_text())
    assert environment["backend"] == "jax"
    assert environment["jax"]
    assert "epoch 2/2: average_error" in output
    log = pd.read_csv(folder.epochs)
    assert log.loss.is_monotonic_decreasing
    assert log.val_final_error.iloc[-1] == pytest.approx(
        pd.read_csv(folder.curve).error_top1.iloc[-1]
    )


def test_a_signal_saves_and_ends_with_its_exit_code(run):
    root, output = run
    assert "exit code 143" in output
    environment = json.loads(RunFolder(root / "parts").environment.read_text())
    assert [entry["step"] for entry in environment["resumed"]] == [3]


def test_tensorflow_loads_the_network_and_measures_the_same(run):
    folder = RunFolder(run[0] / "whole")
    model = keras.saving.load_model(folder.model, compile=False)
    assert isinstance(model, MultiExitModel)
    curve = evaluation.anytime_curve(model, data.evaluation_batches(data.load("synthetic")))
    np.testing.assert_allclose(curve, pd.read_csv(folder.curve), rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("imagenet2012", "read by TensorFlow.*use class_folders. Received: name="),
        ("batch_size", "multiple of the 2 replicas. Received: batch_size=63"),
        ("alone", "2 workers.*train alone.*Received: strategy='mirrored'"),
        ("too late", "worker 1 cannot join its cluster: .*before any JAX"),
    ],
)
def test_what_cannot_be_done_is_refused_before_any_work(run, name, reason):
    line = next(line for line in run[1].splitlines() if line.startswith(f"refused {name}: "))
    assert re.search(reason, line)


def test_a_broken_picture_is_named(run):
    """The script itself has compared a run over pictures with one that was interrupted."""
    assert re.search(r"broken: \S+/val/c/17.jpg is not an image that can be decoded", run[1])
