"""An EANN on one and on two worker processes: seconds to each answer, and that the last one is the
same.

    python -m benchmarks.eann_workers

The members are untrained (weights make no difference to the time), one core for each worker.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

import pathlib
import tempfile

import numpy as np
import pandas as pd
from absl import app, flags
from tqdm import tqdm

from ann import ensembles, models
from ann.atomic_write import atomic_path
from ann.runs.environment import cells, environment

_MEMBERS = flags.DEFINE_list(
    "members", [f"resann-n{n}-c16" for n in (1, 2, 4)], "Members, shallow to deep."
)
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 1, "Images at once.", lower_bound=1)
_ROUNDS = flags.DEFINE_integer("rounds", 30, "Repetitions.", lower_bound=1)
_OUTPUT = flags.DEFINE_string(
    "output", "experiments/results/benchmark_eann_workers.csv", "CSV to write."
)


def time_workers(members, folder: pathlib.Path, batch_size: int, rounds: int) -> pd.DataFrame:
    """Median seconds to each answer on one and on two workers.

    Args:
        members: `MultiExitModel`s, shallow to deep.
        folder: where they are saved for the workers.
        batch_size: images at once.
        rounds: repetitions.

    Returns:
        DataFrame `workers`, `member`, `exit`, `seconds`, `rounds`.

    Raises:
        AssertionError: the last answers differ.
    """
    paths = [folder / f"{index}.keras" for index in range(len(members))]
    for member, path in zip(members, paths, strict=True):
        member.save(path)
    selection = ensembles.select_by_depth(members)
    images = np.random.default_rng(0).normal(size=(batch_size, *members[0].sample_shape))
    answers, last = [], {}
    for workers in (1, 2):
        eann = ensembles.ParallelEANN(paths, selection, workers=workers, batch_size=batch_size)
        with eann:
            for _ in tqdm(range(rounds), desc=f"{workers} workers"):
                found = list(eann.refine(images.astype("float32")))
                answers += [(workers, one.member, one.exit, one.seconds) for one in found]
                last[workers] = found[-1].logits
    np.testing.assert_allclose(last[1], last[2], atol=1e-3)
    frame = pd.DataFrame(answers, columns=["workers", "member", "exit", "seconds"])
    seconds = frame.groupby(["workers", "member", "exit"]).seconds.agg(["median", "count"])
    return seconds.reset_index().rename(columns={"median": "seconds", "count": "rounds"})


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"every setting is a --flag=value. Received: {argv[1:]}")
    members = [models.build(name) for name in _MEMBERS.value]
    with tempfile.TemporaryDirectory() as folder:
        times = time_workers(members, pathlib.Path(folder), _BATCH_SIZE.value, _ROUNDS.value)
    final = times.groupby("workers").seconds.max()
    print(
        f"two workers need {final[2] / final[1]:.2f} of the time of one to the last answer, "
        "which is the same"
    )
    with atomic_path(_OUTPUT.value) as temporary:
        made_with = {"members": "+".join(_MEMBERS.value), "batch_size": _BATCH_SIZE.value}
        times.assign(**made_with, **cells(environment())).to_csv(temporary, index=False)


if __name__ == "__main__":
    app.run(main)
