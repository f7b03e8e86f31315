"""Finished runs as CSV: what tables and figures are made from, and why no run is trained twice.

runs.csv has one row per run: its config, versions, hardware, seconds. run_exits.csv has one row per
exit: error, losses, weight. run_sampling.csv has the probabilities of a sampler, thinned to some
epochs. All are keyed by `run`, the name of the run (`ann.runs.identity.run_name`). Reading needs
pandas alone, so that a plan is shown at once.
"""

import dataclasses
import json
import pathlib
import typing

import filelock
import numpy as np
import pandas as pd

from ann.atomic_write import atomic_path
from ann.runs.config import RunConfig
from ann.runs.folder import RunFolder
from ann.runs.identity import recipe

EPOCHS_KEPT = 25


class Stored(typing.NamedTuple):
    """All that a store holds at one time, for what looks at it often: `RunStore.runs`, `exits`,
    `sampling`."""

    runs: pd.DataFrame
    exits: pd.DataFrame
    sampling: pd.DataFrame


@dataclasses.dataclass(frozen=True)
class RunStore:
    """The three files in a folder, read again each time: they are small, and another process may
    have added to them."""

    folder: pathlib.Path

    def require_usable(self) -> None:
        """Raises where runs could not be added, before any is trained.

        Raises:
            OSError: the folder cannot be made or written.
            ValueError: a file is damaged.
        """
        pathlib.Path(self.folder).mkdir(parents=True, exist_ok=True)
        with self._lock():
            self.read()

    def read(self) -> Stored:
        """The three files, read once."""
        return Stored(self.runs(), self.exits(), self.sampling())

    def runs(self) -> pd.DataFrame:
        """One row per run, indexed by `run`."""
        return self._read("runs").set_index("run")

    def exits(self) -> pd.DataFrame:
        """One row per exit, as returned by `exits_of`, with the column `run`."""
        return self._read("run_exits")

    def sampling(self) -> pd.DataFrame:
        """`run`, `epoch`, `exit`, `probability` of the runs that have a sampler."""
        return self._read("run_sampling")

    def add(self, folder: RunFolder, **facts) -> None:
        """Adds a finished run; one that is there is replaced. It counts as finished from the last
        of the three writes on.

        Args:
            folder: of the run.
            facts: further columns of runs.csv, such as the seconds it took.
        """
        from ann.runs.environment import cells

        run = folder.path.name
        self._write("run_exits", exits_of(folder).assign(run=run))
        probabilities = sampling_of(folder)
        if len(probabilities):
            self._write("run_sampling", probabilities.assign(run=run))
        config = json.loads(folder.config.read_text())
        row = cells(folder.settings()) | cells(json.loads(folder.environment.read_text())) | facts
        row["recipe"] = recipe(RunConfig.from_dict(config))
        self._write("runs", pd.DataFrame([row]).assign(run=run))

    def add_measurement(self, name: str, exits: pd.DataFrame, **facts) -> None:
        """Adds what was measured of something other than a run, such as a linear ensemble of
        several."""
        from ann.runs.environment import cells, environment

        self._write("run_exits", exits.assign(run=name))
        self._write("runs", pd.DataFrame([cells(environment()) | facts]).assign(run=name))

    def merge(self, other: "RunStore") -> list[str]:
        """Adds all that another store holds, such as one from another machine.

        Returns:
            The names of its runs.

        Raises:
            FileNotFoundError: the other store has no finished run.
        """
        names = list(other.runs().index)
        if not names:
            raise FileNotFoundError(f"no runs.csv with rows here. Received: {str(other.folder)!r}")
        for name in ("run_exits", "run_sampling", "runs"):  # a run counts from the last on
            rows = other._read(name)
            if len(rows):
                self._write(name, rows)
        return names

    def _lock(self):
        return filelock.FileLock(pathlib.Path(self.folder) / ".store.lock")

    def _path(self, name):
        return pathlib.Path(self.folder) / f"{name}.csv"

    def _read(self, name):
        path = self._path(name)
        if not path.exists():
            return pd.DataFrame({"run": pd.Series(dtype=str)})
        try:
            table = pd.read_csv(path)
        except ValueError as error:
            raise ValueError(f"{path} is damaged: {error}") from None
        if "run" not in table:
            raise ValueError(f"{path} is damaged: it has no column run")
        return table

    def _write(self, name, rows):
        # What is read here must not change before it is written: other processes add rows, too.
        pathlib.Path(self.folder).mkdir(parents=True, exist_ok=True)
        with self._lock():
            kept = self._read(name)
            kept = kept[~kept.run.isin(rows.run)]
            table = pd.concat([kept, rows]) if len(kept) else rows
            with atomic_path(self._path(name)) as temporary:
                table[["run", *table.columns.drop("run")]].to_csv(temporary, index=False)


def exits_of(folder: RunFolder) -> pd.DataFrame:
    """What a finished run found, one row per exit.

    Returns:
        DataFrame: the columns of `evaluation.anytime_curve`, `training_loss` (nats, in the last
            epoch), `weight` and, with a sampler, `probability` (at its end).
    """
    from ann.evaluation.epoch_log import exit_columns, final_losses

    curve, log = pd.read_csv(folder.curve), pd.read_csv(folder.epochs)
    curve["training_loss"] = final_losses(log).loss
    for what in ("weight", "probability"):
        columns = exit_columns(log, what)
        curve[what] = columns.iloc[-1].to_numpy() if columns.shape[1] else np.nan
    return curve


def sampling_of(folder: RunFolder) -> pd.DataFrame:
    """Probability of each exit to be drawn, in at most `EPOCHS_KEPT` epochs; no rows for a run
    without sampler."""
    from ann.evaluation.epoch_log import exit_columns

    log = pd.read_csv(folder.epochs)
    probabilities = exit_columns(log, "probability")
    if probabilities.empty:
        return pd.DataFrame({"epoch": [], "exit": [], "probability": []})
    probabilities.columns = range(probabilities.shape[1])
    step = -(-len(log) // EPOCHS_KEPT)
    # From the end, so that the last epoch is among them.
    kept = probabilities.assign(epoch=log.epoch).iloc[::-1].iloc[::step].iloc[::-1]
    return kept.melt(id_vars="epoch", var_name="exit", value_name="probability")
