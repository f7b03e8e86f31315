"""Two workers, each a process of its own on this machine, train as one device does."""

import dataclasses
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from ann.runs.config import RunConfig

ROOT = pathlib.Path(__file__).parent.parent.parent
CONFIG = RunConfig.from_fields(
    {
        "dataset": "digits",
        "train_examples": 330,
        "batch_size": 32,
        "sampler": "exp3",
        "epochs": 2,
        "learning_rate": 0.01,
        "strategy": "multi_worker",
        "sync_batch_norm": True,
        "checkpoint_every_steps": 4,
    }
)
TOLERANCE = {"rtol": 2e-3, "atol": 1e-4}


def with_runtime(config, **fields):
    return dataclasses.replace(config, runtime=dataclasses.replace(config.runtime, **fields))


def network(config, num_classes, image_shape):
    """The smallest one with batch normalization and two exits."""
    import keras

    from ann.layers import BatchNormalization
    from ann.models import MultiExitModel

    del config
    maps, between = keras.Input(image_shape), keras.Input((8, 8, 4))
    conv = lambda inputs: keras.layers.Conv2D(4, 3, padding="same")(inputs)
    segments = [keras.Model(one, BatchNormalization()(conv(one))) for one in (maps, between)]
    heads = [
        keras.Sequential(
            [keras.Input((8, 8, 4)), keras.layers.Flatten(), keras.layers.Dense(num_classes)]
        )
        for _ in segments
    ]
    return MultiExitModel(segments, heads, image_shape)


def run(config, folder, **options):
    from ann.runs.train import train

    return train(config, folder, verbose=0, build_model=network, **options)


def worker(folder):
    """What a worker process does: a whole run, one that is stopped and goes on, one that loses the
    other worker, and one with another config.
    """
    import keras

    from ann.runs.errors import RunError
    from ann.runs.signals import Stopped

    second = json.loads(os.environ["TF_CONFIG"])["task"]["index"] == 1
    # What a background job of a shell starts ignores Ctrl+C.
    signal.signal(signal.SIGINT, signal.default_int_handler)

    class At(keras.callbacks.Callback):
        """Does something in the second worker at a step of the second epoch."""

        def __init__(self, action):
            super().__init__()
            self.action = action

        def on_train_batch_end(self, batch, logs=None):
            if second and self.model.optimizer.iterations == 10 + 6:
                self.action()

    answers = {}
    try:
        run(with_runtime(CONFIG, best="val_loss" if second else "loss"), folder / "x")
    except ValueError as error:
        answers["differs"] = str(error)
    answers["curve"] = run(CONFIG, folder / "whole") is not None
    stop = At(lambda: os.kill(os.getpid(), signal.SIGINT))
    try:
        run(CONFIG, folder / "stopped", callbacks=[stop])
    except Stopped as stopped:
        answers["stopped"] = [str(stopped), stopped.exit_code]
    run(CONFIG, folder / "stopped", resume=True)
    try:
        run(CONFIG, folder / "lost", callbacks=[At(lambda: finish(folder, answers))])
    except RunError as error:
        answers["lost"] = str(error)
    finish(folder, answers)


def finish(folder, answers):
    """Ends the process as a crash would, so that nobody waits for anybody."""
    index = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
    (folder / f"answers{index}.json").write_text(json.dumps(answers))
    os._exit(0)


def free_ports(count):
    sockets = [socket.create_server(("localhost", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory):
    """The folder that both workers leave, and the answers of each."""
    folder = tmp_path_factory.mktemp("two_workers")
    cluster = {"worker": [f"localhost:{port}" for port in free_ports(2)]}
    processes = []
    for index in range(2):
        task = {"cluster": cluster, "task": {"type": "worker", "index": index}}
        environ = {**os.environ, "TF_CONFIG": json.dumps(task), "PYTHONPATH": str(ROOT)}
        environ["TF_NUM_INTRAOP_THREADS"] = "1"
        command = [sys.executable, __file__, str(folder)]
        with (folder / f"log{index}.txt").open("w") as log:
            processes.append(subprocess.Popen(command, env=environ, stdout=log, stderr=log))
    try:
        for process in processes:
            process.wait(timeout=300)
    finally:
        for process in processes:
            process.kill()
            process.wait()
    try:
        return folder, *(json.loads((folder / f"answers{i}.json").read_text()) for i in range(2))
    except FileNotFoundError:
        pytest.fail((folder / "log0.txt").read_text() + (folder / "log1.txt").read_text())


def newest_state(folder):
    from ann.training import Checkpoints, state_file

    facts, arrays = state_file.read(Checkpoints(folder / "checkpoints").newest_first()[0])
    return facts, arrays


def test_two_workers_equal_one_device(two_workers, tmp_path):
    folder, chief, other = two_workers
    assert (chief["curve"], other["curve"]) == (True, False)  # one writer
    one_device = with_runtime(CONFIG, strategy="one_device")
    curve = run(one_device, tmp_path)
    assert_equal_runs(folder / "whole", tmp_path)
    np.testing.assert_allclose(pd.read_csv(folder / "whole" / "curve.csv"), curve, **TOLERANCE)
    assert_stopped_worker(folder, chief, other)
    assert_lost_worker(folder, chief, one_device, tmp_path)
    for answers in (chief, other):
        assert "all workers must have the config and the data" in answers["differs"]
    assert "best='val_loss' instead of 'loss'" in other["differs"]
    assert not (folder / "x").exists()


def assert_equal_runs(mine, theirs):
    logs = [pd.read_csv(one / "epochs.csv") for one in (mine, theirs)]
    logs = [log.drop(columns=["seconds", "images_per_second"]) for log in logs]
    pd.testing.assert_frame_equal(*logs, **TOLERANCE)
    (facts, mine), (_, theirs) = newest_state(mine), newest_state(theirs)
    assert facts["epoch"] == 2
    for (name, one), (_, other) in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(one, other, **TOLERANCE, err_msg=name)


def assert_stopped_worker(folder, chief, other):
    """A signal to one stops both at the same step; resumed, they end with the bits of the whole.
    The last bits of metrics depend on where the run was saved."""
    assert other["stopped"] == ["stopped by SIGINT", 130]
    assert chief["stopped"] == ["another worker was stopped", 143]
    for (name, one), (_, two) in zip(
        newest_state(folder / "stopped")[1], newest_state(folder / "whole")[1], strict=True
    ):
        rtol = 1e-6 if name.startswith("metrics/") else 0
        np.testing.assert_allclose(one, two, rtol=rtol, atol=0, err_msg=name)


def assert_lost_worker(folder, chief, one_device, whole):
    """One that ends in the middle ends the other with a sentence; the run goes on from the last
    checkpoint, here on one device, and ends as without the loss."""
    assert "another worker ended or cannot be reached" in chief["lost"]
    assert "\n" not in chief["lost"]
    facts, _ = newest_state(folder / "lost")
    assert (facts["epoch"], facts["step"]) == (1, 2)  # after 12 steps, every 4 of which are saved
    run(one_device, folder / "lost", resume=True)
    assert_equal_runs(folder / "lost", whole)


if __name__ == "__main__":
    worker(pathlib.Path(sys.argv[1]))
