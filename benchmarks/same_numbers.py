"""Trains every weighting and sampler on both engines, and compares what they train to.

    python -m benchmarks.same_numbers --output=same_numbers.csv

A small network with three exits does three steps, from the same weights and with the same global
batches: on TensorFlow on one device, on two mirrored ones, and on two workers, which are processes
of this machine; and on JAX on one device, on two and four, and on two workers. Each row compares
one place with TensorFlow on one device: the largest relative difference of the steps' losses, and
the largest difference of their exit weights and of the network's weights at the end.
"""

import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import pandas as pd
from absl import app, flags

from benchmarks.worker_drill import free_ports

BATCH, STEPS, EXITS = 32, 3, 3

REFERENCE = "tensorflow, one device"
# Place -> engine, strategy and number of virtual devices. The places of an engine are in the order
# in which one process can do them: virtual devices must be made first.
PLACES = {
    "tensorflow, 2 devices": ("tensorflow", "mirrored", 2),
    REFERENCE: ("tensorflow", "one_device", 0),
    "tensorflow, 2 workers": ("tensorflow", "multi_worker", 0),
    "jax, 4 devices": ("jax", "mirrored", 4),
    "jax, 2 devices": ("jax", "mirrored", 2),
    "jax, one device": ("jax", "one_device", 0),
    "jax, 2 workers": ("jax", "multi_worker", 0),
}
_ALONE = '{"task": {"index": 0}}'


def cases() -> list[tuple[str, str | None]]:
    """Every weighting without a sampler, and every sampler on top of AdaLoss."""
    from ann import losses

    alone = [(name, None) for name in losses.schemes()]
    return alone + [("adaloss", name) for name in losses.samplers()]


def train(case, place=REFERENCE, *, run_eagerly=False) -> dict[str, np.ndarray]:
    """Trains the small network.

    Args:
        case: weighting and sampler.
        place: one of `PLACES`; Keras's backend must be its engine.
        run_eagerly: whether TensorFlow's steps are not compiled.

    Returns:
        Arrays by name: `losses` `(steps, 1 + exits)`, the logs of the steps; `exit_weights`
        `(steps, exits)`; and `weights`, all of the network's at the end.
    """
    import keras

    from ann import data, layers, losses, training

    _, strategy, devices = PLACES[place]
    engine = training.engine(strategy, BATCH, virtual_devices=devices)
    weighting, sampler = case
    with engine.scope():
        model = _network()
        if keras.config.backend() == "tensorflow":  # on JAX it is always so
            layers.synchronize(model)
        model.compile(
            training.L2SGD(0.05),
            # Its weights move at the end of an epoch: here after the second step.
            weighting=losses.DynamicWeightAverage(steps_per_epoch=1)
            if weighting == "dwa"
            else weighting,
            sampler=sampler,
            run_eagerly=run_eagerly,
        )
    part = (engine.workers.index, engine.workers.count)
    dataset = data.load("synthetic", train_examples=BATCH * STEPS)
    engine.start(
        model, data.training_batches(dataset, BATCH, seed=3, first_epoch=0, epochs=1, part=part)
    )
    logs, exit_weights = [], []
    for _ in range(STEPS):
        of_step = engine.train(1)
        logs.append([float(of_step[name]) for name in ["loss", *_exit_losses(model)]])
        exit_weights.append(_numpy(model.loss_combiner.exit_weights))
    weights = [_numpy(weight).ravel() for weight in _of_network(model)]
    return {
        "losses": np.array(logs),
        "exit_weights": np.array(exit_weights),
        "weights": np.concatenate(weights),
    }


def _network():
    import keras

    from ann.layers import BatchNormalization
    from ann.models import MultiExitModel

    segments, heads, width = [], [], 8
    for index in range(EXITS):
        shape = (8, 8, 3) if index == 0 else (width,)
        of_segment = [
            *([keras.layers.Flatten(), BatchNormalization()] if index == 0 else []),
            keras.layers.Dense(width, activation="tanh"),
        ]
        segments.append(keras.Sequential([keras.Input(shape), *of_segment]))
        heads.append(keras.Sequential([keras.Input((width,)), keras.layers.Dense(10)]))
    model = MultiExitModel(segments, heads, (8, 8, 3))
    random = np.random.default_rng(0)  # the engines draw other weights from the same seed
    for weight in model.weights:
        if weight.name == "kernel":
            weight.assign(random.normal(0, weight.shape[0] ** -0.5, weight.shape))
    return model


def _of_network(model):
    return [weight for link in (*model.segments, *model.heads) for weight in link.weights]


def _exit_losses(model):
    return [f"{name}_loss" for name in model.exit_names]


def _numpy(value):
    import keras

    return keras.ops.convert_to_numpy(value)


def compared(case, place, found, reference) -> dict:
    """A row of the table."""

    def largest(name, relative):
        difference = np.abs(found[name] - reference[name])
        return (difference / np.abs(reference[name]) if relative else difference).max()

    return {
        "weighting": case[0],
        "sampler": case[1] or "",
        "place": place,
        "losses": largest("losses", True),
        "exit_weights": largest("exit_weights", False),
        "weights": largest("weights", False),
    }


def train_all(folder, jobs) -> None:
    """What a process does: writes what each job, a place and a case, trains to. Of several workers
    the first one writes.
    """
    is_first = json.loads(os.environ.get("TF_CONFIG", _ALONE))["task"]["index"] == 0
    for place, case in jobs:
        found = train(case, place)
        if is_first:
            path = _path(folder, place, case)
            path.parent.mkdir(exist_ok=True)
            np.savez(path, **found)


def start(folder, jobs, **environment) -> subprocess.Popen:
    """Starts a process that does jobs of one engine."""
    command = f"from benchmarks import same_numbers; same_numbers.train_all({folder!r}, {jobs!r})"
    engine = PLACES[jobs[0][0]][0]
    settings = {"KERAS_BACKEND": engine, "JAX_PLATFORMS": "cpu", **environment}
    return subprocess.Popen([sys.executable, "-c", command], env=os.environ | settings)


def result(folder, place, case) -> dict[str, np.ndarray]:
    """What a job left."""
    with np.load(_path(folder, place, case)) as file:
        return dict(file)


def _path(folder, place, case):
    return pathlib.Path(folder) / place / f"{case[0]} {case[1]}.npz"


def measure() -> pd.DataFrame:
    """Trains everything everywhere.

    Returns:
        DataFrame with one row per case and place.
    """
    with tempfile.TemporaryDirectory() as folder:
        for engine in ("tensorflow", "jax"):
            places = [place for place, (of_place, _, _) in PLACES.items() if of_place == engine]
            *alone, of_workers = places
            _wait([start(folder, list(itertools.product(alone, cases())))])
            addresses = [f"localhost:{port}" for port in free_ports(2)]
            tasks = [{"cluster": {"worker": addresses}, "task": {"index": i}} for i in range(2)]
            jobs = list(itertools.product([of_workers], cases()))
            _wait([start(folder, jobs, TF_CONFIG=json.dumps(task)) for task in tasks])
        return pd.DataFrame(
            compared(case, place, result(folder, place, case), result(folder, REFERENCE, case))
            for place in PLACES
            if place != REFERENCE
            for case in cases()
        )


def _wait(processes):
    codes = [process.wait() for process in processes]
    if any(codes):
        raise RuntimeError(f"a process failed, see its error above. Received: exit codes {codes}")


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"settings must have the form --flag=value. Received: {argv[1:]}")
    table = measure()
    numbers = ["losses", "exit_weights", "weights"]
    print(table.groupby("place")[numbers].max().to_string(float_format="%.1e"))
    if flags.FLAGS.output:
        table.to_csv(flags.FLAGS.output, index=False, float_format="%.2e")


if __name__ == "__main__":
    flags.DEFINE_string("output", None, "CSV to write, if any.")
    app.run(main)
