"""Runs a table or figure of the papers.

    python -m experiments.run --list
    python -m experiments.run --experiment=adaloss_table1 --scale=quick [--dry_run]

Every finished run is added to the CSV files in --results_dir at once and is not run again, by
whatever table; an interrupted one goes on where it stopped (--runs_dir). `python -m
experiments.report` makes the page of everything that is measured.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pathlib

from absl import app, flags

from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.declaration import SCALES


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"every setting is a --flag=value. Received: {argv[1:]}")
    from experiments.harness.store import RunStore

    values = flags.FLAGS
    store = RunStore(pathlib.Path(values.results_dir))
    if values.list:
        from experiments.harness.plan_text import list_experiments

        print(list_experiments(store))
        return
    if not values.experiment:
        raise app.UsageError(
            f"--experiment must be one or more of {', '.join(EXPERIMENTS)}, or all"
        )
    names = list(EXPERIMENTS) if values.experiment == ["all"] else values.experiment
    unknown = sorted(set(names) - set(EXPERIMENTS))
    if unknown:
        raise app.UsageError(
            f"experiments are {', '.join(EXPERIMENTS)}. Received: {', '.join(unknown)}"
        )
    if values.dry_run:
        from experiments.harness.plan_text import plan_as_text

        print(plan_as_text(names, values.scale, store))
        return
    from experiments.harness.runner import run

    failed = run(
        names,
        values.scale,
        runs_dir=values.runs_dir,
        store=store,
        workers=values.workers or default_workers(),
    )
    stored = store.read()
    print(*(_as_text(name, values.scale, stored) for name in names), sep="\n")
    if failed:
        raise SystemExit("these runs failed, the others are kept:\n" + "\n".join(failed))


def _as_text(name, scale, stored) -> str:
    from experiments.harness.sections import claims_as_text, section, table_as_text

    one = section(name, scale, stored)
    tables = [table.to_string(index=False) for table in (table_as_text(one), claims_as_text(one))]
    return (
        "\n\n".join([f"{name} ({EXPERIMENTS[name].source}), {scale}", one.made_of, *tables]) + "\n"
    )


def default_workers() -> int:
    """A run a core; a run at a time where there is an accelerator."""
    from ann.runs.environment import environment

    return 1 if environment()["accelerators"] else os.cpu_count()


def define_flags():
    """The settings of the command line; other modules of this folder have some of the same name."""
    flags.DEFINE_bool("list", False, "Show all experiments.")
    flags.DEFINE_list("experiment", [], "Experiments, or all.")
    flags.DEFINE_enum("scale", "quick", SCALES, "How large.")
    flags.DEFINE_bool("dry_run", False, "Show what would be run, and how long it takes.")
    flags.DEFINE_string("runs_dir", "runs", "Folder of the runs.")
    flags.DEFINE_string(
        "results_dir", "experiments/results", "Folder of the tables of finished runs."
    )
    flags.DEFINE_integer(
        "workers",
        None,
        "Runs at a time; default: one a core, one on an accelerator.",
        lower_bound=1,
    )


if __name__ == "__main__":
    define_flags()
    app.run(main)
