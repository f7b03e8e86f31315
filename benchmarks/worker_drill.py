"""Kills one of two workers of a run, restarts both, and compares with the run that was not killed.

    python -m benchmarks.worker_drill --kills=3 --engine=jax

Two processes on this machine train one run (`--strategy=multi_worker`). It is trained once without
a fault. Then one worker, the chief and the other in turn, gets SIGKILL at a random moment after the
first checkpoint, or SIGSTOP, which looks to the other like a machine that has gone. The table shows
the seconds until the other worker ended, its exit code, and its last line. Both are then started
again. At the end, the state, epochs.csv, and curve.csv must have the bits of the first run.
"""

import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time

import pandas as pd
from absl import app, flags

from benchmarks.fault_drill import differences

_RUN = (
    *("--dataset=digits", "--model=resann-n1-c4", "--epochs=6", "--batch_size=64"),
    *("--learning_rate=0.02", "--sync_batch_norm", "--checkpoint_every_steps=5"),
)


# One thread: sums over several threads may differ in their last bits from run to run.
_ENGINES = {
    "tensorflow": {"KERAS_BACKEND": "tensorflow", "TF_NUM_INTRAOP_THREADS": "1"},
    "jax": {
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    },
}


def start(folder, engine) -> list[subprocess.Popen]:
    """Starts both workers of the run in a folder, or goes on with it."""
    cluster = {"worker": [f"localhost:{port}" for port in free_ports(2)]}
    command = [
        *(sys.executable, "-m", "ann", "train", "--strategy=multi_worker", "--start_or_resume"),
        *(f"--run_dir={folder}", *_RUN),
    ]
    workers = []
    for index in range(2):
        task = {"cluster": cluster, "task": {"type": "worker", "index": index}}
        environ = os.environ | _ENGINES[engine] | {"TF_CONFIG": json.dumps(task)}
        with open(f"{folder}.log{index}", "w") as log:
            workers.append(subprocess.Popen(command, env=environ, stdout=log, stderr=log))
    return workers


def free_ports(count) -> list[int]:
    """Ports of this machine that nobody listens at."""
    sockets = [socket.create_server(("localhost", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def lose(workers, folder, index, how, delay) -> dict:
    """Loses a worker after the next checkpoint, and waits for the other one to end."""
    before = _newest_checkpoint(folder)
    while _newest_checkpoint(folder) == before and workers[index].poll() is None:
        time.sleep(0.1)
    time.sleep(delay)
    finished = workers[index].poll() is not None
    if not finished:
        workers[index].send_signal(how)
    began = time.perf_counter()
    code = workers[1 - index].wait()
    seconds = time.perf_counter() - began
    workers[index].kill()
    workers[index].wait()
    last = pathlib.Path(f"{folder}.log{1 - index}").read_text().splitlines()[-1]
    lost = "nothing: the run had ended" if finished else f"worker {index} by {how.name}"
    return {"lost": lost, "seconds": round(seconds, 1), "code": code, "last line": last}


def _newest_checkpoint(folder):
    return max((folder / "checkpoints").glob("checkpoint_[0-9]*.state"), default=None)


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"settings must have the form --flag=value. Received: {argv[1:]}")
    values = flags.FLAGS
    moments, rows = random.Random(values.seed), []
    with tempfile.TemporaryDirectory() as root:
        whole, killed = pathlib.Path(root) / "whole", pathlib.Path(root) / "killed"
        for worker in start(whole, values.engine):
            assert worker.wait() == 0, pathlib.Path(f"{whole}.log0").read_text()
        for number in range(values.kills):
            how = signal.SIGSTOP if number % 3 == 2 else signal.SIGKILL
            rows.append(
                lose(start(killed, values.engine), killed, number % 2, how, moments.random() / 2)
            )
        for worker in start(killed, values.engine):
            assert worker.wait() == 0, pathlib.Path(f"{killed}.log0").read_text()
        print(pd.DataFrame(rows).to_string(index=False))
        different = differences(killed, whole)
        print(f"differences from the run without a fault: {different or 'none'}")


def define_flags():
    """The settings of the command line."""
    flags.DEFINE_enum("engine", "tensorflow", list(_ENGINES), "What trains.")
    flags.DEFINE_integer("kills", 3, "How many times a worker is killed.")
    flags.DEFINE_integer("seed", 0, "Seed of the moments.")


if __name__ == "__main__":
    define_flags()
    app.run(main)
