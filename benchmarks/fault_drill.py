"""Training runs killed at random, and what they end with: the bits of the run that was not killed.

    python -m benchmarks.fault_drill --output=experiments/results/benchmark_fault_drill.csv

Every run is trained once without a fault. Then it is trained again in processes that get SIGKILL at
random points, in training steps, in evaluation, in the middle of writing a checkpoint, before the
older checkpoint goes, and between the log of an epoch and its checkpoint. The next process goes on.
At the end the state (weights, optimizer, loss scale, weighting, sampler, metrics), epochs.csv and
curve.csv are compared bit by bit with those of the first one. A disk that is full, a damaged
newest checkpoint, a SIGTERM, and a second process in the same folder follow.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# One thread: sums over several threads may differ in their last bits from run to run.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

import json
import multiprocessing
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import numpy as np
import pandas as pd
from absl import app, flags
from tqdm import tqdm

from ann.runs.config import RunConfig
from ann.runs.folder import RunFolder

SCHEMES = (("const", None), ("adaloss", None), ("adaloss", "exp3"))
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
# Where a process is killed; the first two are most of the time of a run.
PLACES = ("step", "any moment", "evaluation", "checkpoint write", "before pruning", "after the log")
SIZES = {
    "digits": {"batch_size": 64, "epochs": 4, "model": "resann-n1-c4", "learning_rate": 0.05},
    "cifar10": {
        "batch_size": 64,
        "train_examples": 1280,
        "epochs": 2,
        "model": "resann-n1-c8",
        "learning_rate": 0.05,
    },
}
NOT_COMPARED = ["seconds", "images_per_second"]


def config_of(dataset, weighting, sampler, precision) -> RunConfig:
    """The run of a row of the table."""
    return RunConfig.from_fields(
        {
            "dataset": dataset,
            "weighting": weighting,
            "sampler": sampler,
            "precision": precision,
            "checkpoint_every_steps": 4,
            **SIZES[dataset],
        }
    )


def train_in_process(config, folder, fault=None) -> int:
    """Trains, or goes on, in a process of its own.

    Args:
        config: of the run.
        folder: of the run.
        fault: `(place, number)`, where the process kills itself.

    Returns:
        Its exit code: 0, 1 with the error in the file `error` beside the folder, -9 if killed.
    """
    # A server that has imported everything and is copied for each process: importing is most of the
    # time that a short process takes.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["ann.runs.train", "sklearn.datasets"])
    process = context.Process(target=_train, args=(config, folder, fault))
    process.start()
    process.join()
    return process.exitcode


def _train(config, folder, fault):
    from ann.runs.signals import Stopped
    from ann.runs.train import train

    callbacks = _arm(*fault) if fault else ()
    try:
        train(config, folder, resume=None, verbose=0, callbacks=callbacks)
    except Stopped as stopped:
        os._exit(stopped.exit_code)
    except Exception as error:
        pathlib.Path(f"{folder}.error").write_text(f"{type(error).__name__}: {error}")
        os._exit(1)
    os._exit(0)


def _die(signum=signal.SIGKILL):
    os.kill(os.getpid(), signum)


def _arm(place, number):
    """Makes this process kill itself at the `number`-th time at a place."""
    import keras

    from ann.training import state_file

    left = [number]

    def count(*args, **kwargs):
        left[0] -= 1
        if left[0] < 0:
            _die(signal.SIGTERM if place == "SIGTERM" else signal.SIGKILL)

    if place == "step":
        return [keras.callbacks.LambdaCallback(on_train_batch_begin=count)]
    if place == "SIGTERM":
        return [keras.callbacks.LambdaCallback(on_train_batch_begin=count)]
    if place == "evaluation":
        evaluation = keras.callbacks.Callback()
        evaluation.on_test_batch_end = count
        return [evaluation]
    if place == "after the log":
        return [keras.callbacks.LambdaCallback(on_epoch_end=count)]
    if place == "any moment":
        # A timer that starts with the first step knows nothing of what the training does then.
        timer = threading.Timer(number / 20, _die)
        timer.daemon = True
        start = lambda *args, **kwargs: timer.start() if not timer.is_alive() else None
        return [keras.callbacks.LambdaCallback(on_epoch_begin=start)]
    if place == "checkpoint write":
        write = state_file.write

        def half(path, facts, arrays):
            write(path, facts, arrays)
            if left[0] == 0:
                size = path.stat().st_size
                os.truncate(path, random.Random(size + number).randrange(size))
            count()

        state_file.write = half
        return []
    assert place == "before pruning"
    unlink = pathlib.Path.unlink

    def counted(path, *args, **kwargs):
        if path.name.startswith("checkpoint_"):
            count()
        return unlink(path, *args, **kwargs)

    pathlib.Path.unlink = counted
    return []


def error_of(folder) -> str:
    """What the last process said that failed in this folder."""
    path = pathlib.Path(f"{folder}.error")
    return path.read_text() if path.exists() else "the process ended without a word"


def state_of_run(folder) -> dict:
    """What a finished run ends with, as bytes by name."""
    from ann.training import Checkpoints, state_file

    folder = RunFolder(folder)
    facts, arrays = state_file.read(Checkpoints(folder.checkpoints).newest_first()[0])
    _, best = state_file.read(Checkpoints(folder.checkpoints).best)
    log = pd.read_csv(folder.epochs, dtype=str).drop(columns=NOT_COMPARED)
    return {
        "position": json.dumps({**facts, "seconds": 0}).encode(),
        "epochs.csv": log.to_csv().encode(),
        "curve.csv": folder.curve.read_bytes(),
        **{f"{i} {name}": array.tobytes() for i, (name, array) in enumerate(arrays)},
        **{f"best {i} {name}": array.tobytes() for i, (name, array) in enumerate(best)},
    }


def differences(folder, reference) -> list[str]:
    """Names of what differs from the run without a fault."""
    mine, theirs = state_of_run(folder), state_of_run(reference)
    assert mine.keys() == theirs.keys()
    return [name for name in mine if mine[name] != theirs[name]]


def drill(config, folder, reference, kills: int, rng) -> dict:
    """Kills a run so many times, lets it finish, and compares."""
    wanted, found = [PLACES[i % len(PLACES)] for i in range(kills)], dict.fromkeys(PLACES, 0)
    rng.shuffle(wanted)
    bar = tqdm(total=kills, desc=folder.name)
    while wanted:
        place = wanted[-1]
        number = {"step": rng.randint(0, 12), "any moment": rng.randint(0, 20)}.get(place, 0)
        code = train_in_process(config, folder, (place, number))
        if code == -signal.SIGKILL:
            found[wanted.pop()] += 1
            bar.update()
        elif code == 0:  # it finished before the fault came: the next ones meet a new run
            if differences(folder, reference):
                break
            shutil.rmtree(folder)
        else:
            raise RuntimeError(error_of(folder))
    bar.close()
    code = train_in_process(config, folder)
    if code:
        raise RuntimeError(error_of(folder))
    different = differences(folder, reference)
    rows = len(pd.read_csv(RunFolder(folder).epochs))
    return {
        **found,
        "kills": sum(found.values()),
        "epochs": config.training.epochs,
        "rows_in_epochs_csv": rows,
        "arrays_and_files_compared": len(state_of_run(folder)),
        "different": len(different),
        "which": " ".join(different[:3]),
    }


def damaged_newest(config, folder, reference) -> list[str]:
    """A hundred flipped bits in the newest checkpoint of a run that was killed."""
    from ann.training import Checkpoints

    assert train_in_process(config, folder, ("step", 30)) == -signal.SIGKILL
    newest = Checkpoints(RunFolder(folder).checkpoints).newest_first()[0]
    content = np.frombuffer(newest.read_bytes(), np.uint8).copy()
    content[np.random.default_rng(0).choice(len(content), 100, replace=False)] ^= 1
    newest.write_bytes(content.tobytes())
    assert train_in_process(config, folder) == 0
    return differences(folder, reference)


def full_disk(config, folder, reference) -> list[str] | None:
    """A run on a disk too small for it, that goes on when there is room.

    None where nothing can be mounted.
    """
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=160k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        return None
    try:
        assert train_in_process(config, folder / "run") == 1
        error = error_of(folder / "run")
        assert "No space left on device" in error, error
        subprocess.run(["mount", "-o", "remount,size=20M", str(folder)], check=True)
        assert train_in_process(config, folder / "run") == 0
        return differences(folder / "run", reference)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def two_processes(config, folder, reference) -> list[str]:
    """A second process in the folder of a run that trains: it is refused and changes nothing."""
    context = multiprocessing.get_context("forkserver")
    first = context.Process(target=_train, args=(config, folder, None))
    first.start()
    while not RunFolder(folder).lock_holder.exists():
        time.sleep(0.05)
    assert train_in_process(config, folder) == 1
    error = error_of(folder)
    assert f"process {first.pid} on " in error, error
    first.join()
    assert first.exitcode == 0
    return differences(folder, reference)


def terminated(config, folder, reference) -> list[str]:
    """SIGTERM in the middle of an epoch: saved at that step, exit code 143."""
    from ann.training import Checkpoints

    assert train_in_process(config, folder, ("SIGTERM", 29)) == 143
    newest = Checkpoints(RunFolder(folder).checkpoints).newest_first()[0]
    assert newest.stem == "checkpoint_000000030", newest
    assert train_in_process(config, folder) == 0
    return differences(folder, reference)


SCENARIOS = {
    "a hundred flipped bits in the newest checkpoint": damaged_newest,
    "disk full": full_disk,
    "a second process": two_processes,
    "SIGTERM": terminated,
}


def run_drill(datasets, kills: int, folder, *, schemes=SCHEMES, precisions=PRECISIONS, seed=0):
    """The table: one row for each run, and one for each other fault.

    Args:
        datasets: of `SIZES`.
        kills: in all, spread over the runs of a data set.
        folder: for the runs; must not hold earlier ones.
        schemes, precisions: what to combine.
        seed: of the places.

    Returns:
        DataFrame; `different` counts the arrays and files that are not equal, bit by bit.
    """
    rng, rows, folder = random.Random(seed), [], pathlib.Path(folder)
    for dataset in datasets:
        runs = [(*scheme, precision) for scheme in schemes for precision in precisions]
        for index, (weighting, sampler, precision) in enumerate(runs):
            config = config_of(dataset, weighting, sampler, precision)
            name = f"{dataset}-{weighting}-{sampler}-{precision}"
            reference = folder / f"{name}-whole"
            if train_in_process(config, reference):
                raise RuntimeError(error_of(reference))
            share = kills // len(runs) + (index < kills % len(runs))
            facts = {
                "dataset": dataset,
                "weighting": weighting,
                "sampler": sampler or "",
                "precision": precision,
            }
            rows.append(
                {**facts, "fault": "SIGKILL", **drill(config, folder / name, reference, share, rng)}
            )
        for fault, scenario in SCENARIOS.items():
            found = scenario(config, folder / f"{name}-{fault.replace(' ', '-')}", reference)
            if found is not None:
                rows.append(
                    {**facts, "fault": fault, "different": len(found), "which": " ".join(found[:3])}
                )
    return pd.DataFrame(rows)


def main(argv):
    del argv
    from ann.runs.environment import environment

    values = flags.FLAGS
    with tempfile.TemporaryDirectory() as folder:
        table = run_drill(values.datasets, values.kills, folder, seed=values.seed)
    print(table.to_string(index=False))
    killed = table[table.fault == "SIGKILL"]
    print(f"{killed.kills.sum():.0f} kills, {table.different.sum()} differences")
    if values.output:
        made_with = {name: str(value) for name, value in environment().items()}
        table.assign(**made_with).to_csv(values.output, index=False)
    if table.different.any():
        raise SystemExit("a run did not end as the one that was not killed")


def define_flags():
    """The settings of the command line."""
    flags.DEFINE_integer("kills", 100, "SIGKILLs in all, for each data set.")
    flags.DEFINE_list("datasets", ["digits"], f"Of {', '.join(SIZES)}.")
    flags.DEFINE_integer("seed", 0, "Of the places where runs are killed.")
    flags.DEFINE_string("output", None, "CSV to write, if any.")


if __name__ == "__main__":
    define_flags()
    app.run(main)
