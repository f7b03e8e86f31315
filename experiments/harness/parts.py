"""A part of a table: some of its data sets, networks, rows and seeds."""

import dataclasses

from ann.did_you_mean import unknown_name
from experiments.harness.plan import PlannedRun


@dataclasses.dataclass(frozen=True)
class Part:
    """What is wanted of a plan. An empty tuple stands for all.

    Attributes:
        datasets: names of `ann.data`.
        networks: names of `ann.models`; of settings that join or pair several, those that have one
            of these, with all their networks.
        rows: methods, as printed in the table.
        seeds: whole numbers, or their digits as a command line has them.
        last_exit: of OPT, which is trained once per exit, only the run for the last one.
    """

    datasets: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    seeds: tuple[int | str, ...] = ()
    last_exit: bool = False

    def of(self, runs) -> list[PlannedRun]:
        """The runs of a plan that belong to this part, in the order of the plan.

        Args:
            runs: as returned by `plan`.

        Example: `Part(rows=("CONST", "AdaLoss"), seeds=(0,)).of(plan(experiment, "medium"))`
        """
        last = {}
        for run in runs:
            last[run.cell, run.member] = max(run.exit or 0, last.get((run.cell, run.member), 0))
        return [
            run
            for run in runs
            if all(
                not wanted or not _values(run)[field].isdisjoint(map(str, wanted))
                for field, wanted in self._wanted().items()
            )
            and not (self.last_exit and (run.exit or 0) < last[run.cell, run.member])
        ]

    def check(self, runs) -> None:
        """Refuses what no run of a plan has.

        Args:
            runs: of all tables that are to be restricted.

        Raises:
            ValueError: a name or seed is in none of the runs, or no run has all that is wanted. The
                message says what is allowed.
        """
        for field, wanted in self._wanted().items():
            known = set().union(*(_values(run)[field] for run in runs))
            for value in wanted:
                if str(value) not in known:
                    allowed = [f'"{name}"' if "," in name else name for name in sorted(known)]
                    raise ValueError(unknown_name(field, value, allowed))
        if runs and not self.of(runs):
            wanted = {field: list(values) for field, values in self._wanted().items() if values}
            raise ValueError(f"no run is of all these at once. Received: {wanted}")

    def _wanted(self):
        return {
            "datasets": self.datasets,
            "networks": self.networks,
            "rows": self.rows,
            "seeds": self.seeds,
        }


def references_left_out(experiment, runs, part: Part, finished) -> list[str]:
    """Rows that those of a part are compared with, and that neither the part nor the store has.

    Without them, the numbers of the table are dashes.

    Args:
        experiment: the declaration.
        runs: its plan.
        part: which of the runs are trained.
        finished: names of the runs in the store.
    """
    wanted = {run.method for run in part.of(runs)}
    compared = {
        row.against or experiment.against for row in experiment.rows if row.method in wanted
    }
    return [
        method
        for method in sorted(compared - wanted - {None})
        if any(
            run.name not in finished for run in dataclasses.replace(part, rows=(method,)).of(runs)
        )
    ]


def _values(run) -> dict[str, set[str]]:
    """Where a run stands in its table, by the names that a `Part` has for it."""
    return {
        "datasets": {run.dataset},
        "networks": set(run.networks.split("+")),
        "rows": {run.method},
        "seeds": {str(run.seed)},
    }
