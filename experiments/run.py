"""Runs a table or figure of the papers.

    python -m experiments.run --list
    python -m experiments.run --experiment=adaloss_table1 --scale=quick [--dry_run]

Every finished run is added to the CSV files in --results_dir at once and is not run again for any
table; an interrupted one continues where it stopped (--runs_dir). `python -m experiments.report`
makes the page of everything that is measured.
"""

import os
import pathlib
import sys

from absl import flags

from ann.commands.run import run
from ann.did_you_mean import unknown_name
from experiments.harness.catalogue import EXPERIMENTS, names_of
from experiments.harness.declaration import SCALES


def main(arguments):
    from experiments.harness.plan_text import list_experiments, plan_as_text
    from experiments.harness.store import RunStore

    values = flags.FLAGS
    store = RunStore(pathlib.Path(values.results_dir))
    if values.list:
        print(list_experiments(store))
        return
    if values.scale not in SCALES:
        raise ValueError(unknown_name("scale", values.scale, SCALES))
    if not values.experiment:
        raise ValueError(f"experiment must be one or more of {', '.join(EXPERIMENTS)}, or all")
    names = names_of(values.experiment, values.scale)
    if values.dry_run:
        print(plan_as_text(names, values.scale, store))
        return
    _run(names, values, store)


def _run(names, values, store):
    from experiments.harness import runner
    from experiments.harness.sections import as_text

    failed = runner.run(
        names,
        values.scale,
        runs_dir=values.runs_dir,
        store=store,
        workers=values.workers or default_workers(),
    )
    stored = store.read()
    print(*(as_text(name, values.scale, stored, store.folder) for name in names), sep="\n")
    if failed:
        raise SystemExit("these runs failed, the others are kept:\n" + "\n".join(failed))


def default_workers() -> int:
    """One run per core; one run at a time where there is an accelerator."""
    from ann.runs.environment import environment

    return 1 if environment()["accelerators"] else os.cpu_count()


def define_flags():
    """The settings of the command line."""
    flags.DEFINE_bool("list", False, "Show all experiments.")
    flags.DEFINE_list("experiment", [], "Experiments, or all.")
    flags.DEFINE_string("scale", "quick", f"How large: {', '.join(SCALES)}.")
    flags.DEFINE_bool("dry_run", False, "Show what would be run, and how long it takes.")
    flags.DEFINE_string("runs_dir", "runs", "Folder of the runs.")
    flags.DEFINE_string(
        "results_dir", "experiments/results", "Folder of the tables of finished runs."
    )
    flags.DEFINE_integer(
        "workers",
        None,
        "Runs at a time; default: one per core, one on an accelerator.",
        lower_bound=1,
    )


if __name__ == "__main__":
    run(sys.modules[__name__])
