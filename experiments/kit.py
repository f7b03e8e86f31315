"""Packs what a borrowed accelerator needs to train declared runs, and takes their rows back.

    python -m experiments.kit --folder=kit --datasets=cifar10,cifar100
    python -m experiments.kit --rows=kit/rows

The first command writes files of at most 64 MiB: code.tar.gz, data/*.npz, wheels.txt (the packages
to bring besides JAX), and run.sh, which trains on the other machine (BUILD.md). The second command
adds the rows that run.sh left to the tables in --results_dir.
"""

import pathlib
import sys

from absl import flags

from ann.commands.run import run


def main(arguments):
    values = flags.FLAGS
    if bool(values.folder) == bool(values.rows):
        raise ValueError(
            "give either the folder to pack into or the rows to take back. "
            f"Received: folder={values.folder!r}, rows={values.rows!r}"
        )
    if values.rows:
        _take_back(values.rows, values.results_dir)
        return
    from experiments.harness import kit

    for path in kit.make(values.folder, values.datasets, values.data_dir):
        print(f"{path.stat().st_size / 2**20:7.1f} MiB  {path}")


def _take_back(rows, results_dir):
    from experiments.harness.store import RunStore

    names = RunStore(pathlib.Path(results_dir)).merge(RunStore(pathlib.Path(rows)))
    print(f"{len(names)} rows added to {results_dir}")


def define_flags():
    """The settings of the command line."""
    flags.DEFINE_string("folder", None, "Folder of the kit to write.")
    flags.DEFINE_list("datasets", [], "Data sets to pack.")
    flags.DEFINE_string("data_dir", None, "Folder of prepared data sets, as for ann train.")
    flags.DEFINE_string(
        "rows", None, "Folder rows/ of a kit that has trained; adds them to the tables."
    )
    flags.DEFINE_string(
        "results_dir", "experiments/results", "Folder of the tables of finished runs."
    )


if __name__ == "__main__":
    run(sys.modules[__name__])
