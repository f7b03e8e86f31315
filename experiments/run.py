"""Runs a table or figure of the papers.

    python -m experiments.run --list
    python -m experiments.run --experiment=adaloss_table1 --scale=quick [--dry_run]
    python -m experiments.run --scale=medium --queue --nice=10 --hours=8 [--dry_run]

Every finished run is added to the CSV files in --results_dir at once and is not run again for any
table; an interrupted one continues where it stopped (--runs_dir). --datasets, --networks, --rows
and --seeds take a part of the tables. --queue trains the runs of all tables, or of those that are
named, most wanted first, and shows what is left. `python -m experiments.report` makes the page of
everything that is measured.
"""

import math
import os
import pathlib
import sys

from absl import flags

from ann.commands.run import run
from ann.did_you_mean import unknown_name
from experiments.harness.catalogue import EXPERIMENTS, names_of
from experiments.harness.declaration import SCALES


def main(arguments):
    from experiments.harness.plan_text import list_experiments, plan_as_text, queue_as_text
    from experiments.harness.store import RunStore
    from experiments.harness.wanted import most_wanted_first

    values = flags.FLAGS
    store = RunStore(pathlib.Path(values.results_dir))
    if values.list:
        print(list_experiments(store))
        return
    plans = _plans(values, store)
    if not values.dry_run:
        failed = _run(plans, values, store)
    if values.queue:
        queue = most_wanted_first(plans, values.scale)
        print(queue_as_text(queue, pathlib.Path(values.runs_dir), store))
    elif values.dry_run:
        print(plan_as_text(plans, store))
    else:
        _print_tables(plans, values.scale, store)
    if not values.dry_run and failed:
        raise SystemExit("these runs failed, the others are kept:\n" + "\n".join(failed))


def _plans(values, store):
    """The runs that the flags ask for, by experiment. Says what their tables lack without more."""
    from experiments.harness.parts import Part, references_left_out
    from experiments.harness.plan import plan

    if values.scale not in SCALES:
        raise ValueError(unknown_name("scale", values.scale, SCALES))
    wanted = values.experiment or (["all"] if values.queue else [])
    if not wanted:
        raise ValueError(f"experiment must be one or more of {', '.join(EXPERIMENTS)}, or all")
    plans = {name: plan(EXPERIMENTS[name], values.scale) for name in names_of(wanted, values.scale)}
    part = Part(
        datasets=tuple(values.datasets),
        networks=tuple(values.networks),
        rows=tuple(values.rows),
        seeds=tuple(values.seeds),
    )
    part.check([run for runs in plans.values() for run in runs])
    finished = set(store.runs().index)
    for name, runs in plans.items():
        for row in references_left_out(EXPERIMENTS[name], runs, part, finished):
            print(
                f"{name}: the rows are compared with {row}, which is not finished: without it in "
                "--rows, the table has no numbers",
                file=sys.stderr,
            )
    return {name: part.of(runs) for name, runs in plans.items()}


def _run(plans, values, store):
    from experiments.harness import runner

    store.require_usable()
    os.nice(values.nice)
    return runner.run(
        plans,
        values.scale,
        runs_dir=values.runs_dir,
        store=store,
        workers=values.workers or default_workers(),
        hours=math.inf if values.hours is None else values.hours,
    )


def _print_tables(names, scale, store):
    from experiments.harness.sections import as_text

    stored = store.read()
    print(*(as_text(name, scale, stored, store.folder) for name in names), sep="\n")


def default_workers() -> int:
    """One run per core; one run at a time where there is an accelerator."""
    from ann.runs.environment import environment

    return 1 if environment()["accelerators"] else os.cpu_count()


def define_flags():
    """The settings of the command line."""
    flags.DEFINE_bool("list", False, "Show all experiments.")
    flags.DEFINE_list("experiment", [], "Experiments, or all.")
    flags.DEFINE_string("scale", "quick", f"How large: {', '.join(SCALES)}.")
    flags.DEFINE_list("datasets", [], "Only runs on these data sets.")
    flags.DEFINE_list("networks", [], "Only runs of these networks.")
    flags.DEFINE_list(
        "rows", [], 'Only these rows, as printed; a name with a comma "in double quotes".'
    )
    flags.DEFINE_list("seeds", [], "Only runs with these seeds.")
    flags.DEFINE_bool("queue", False, "Train what is left, most wanted first; default: all tables.")
    flags.DEFINE_bool("dry_run", False, "Show what would be run, and how long it takes.")
    flags.DEFINE_float(
        "hours",
        None,
        "Save the runs in progress and end after this many hours; default: no limit.",
    )
    # A lower bound of absl would let NaN through.
    flags.register_validator(
        "hours", lambda hours: hours is None or hours > 0, "it must be a positive number"
    )
    flags.DEFINE_integer(
        "nice", 0, "Leave the processor to others: 0 (no) to 19.", lower_bound=0, upper_bound=19
    )
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
