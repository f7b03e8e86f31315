"""The folder of one training run: what it holds, and who may write there."""

import contextlib
import dataclasses
import datetime
import json
import os
import pathlib
import platform

import filelock

from ann.atomic_write import atomic_path
from ann.runs.config import RunConfig
from ann.runs.identity import claims


class RunFolderError(ValueError):
    """The folder cannot be used for this run."""


class FolderInUse(RunFolderError):
    """Another process trains in the folder."""


@dataclasses.dataclass(frozen=True)
class RunFolder:
    """Names of the files of a run."""

    path: pathlib.Path

    def __post_init__(self):
        object.__setattr__(self, "path", pathlib.Path(self.path))

    config = property(lambda self: self.path / "config.json")
    data = property(lambda self: self.path / "data.json")  # `ann.data.fingerprint`
    environment = property(lambda self: self.path / "environment.json")
    epochs = property(lambda self: self.path / "epochs.csv")
    tensorboard = property(lambda self: self.path / "tensorboard")
    checkpoints = property(lambda self: self.path / "checkpoints")
    earlier_checkpoint = property(
        lambda self: self.path / "checkpoint.weights.h5"
    )  # versions before `checkpoints`
    model = property(lambda self: self.path / "model.keras")
    curve = property(lambda self: self.path / "curve.csv")
    figure = property(lambda self: self.path / "curve.png")
    # midfeat: the run that made the features.
    final_exit = property(lambda self: self.path / "final_exit")
    # one_by_one: the runs of the earlier exits.
    stages = property(lambda self: self.path / "stages")
    weights_figure = property(lambda self: self.path / "weights.png")
    sampling_figure = property(lambda self: self.path / "sampling.png")
    report = property(lambda self: self.path / "report.html")
    lock = property(lambda self: self.path / ".lock")
    lock_holder = property(lambda self: self.path / ".lock_holder.json")

    def settings(self) -> dict:
        """The fields of the config that say what was run: not where its data are."""
        groups = json.loads(self.config.read_text()).values()
        fields = {name: value for group in groups for name, value in group.items()}
        return {name: value for name, value in fields.items() if name != "data_dir"}

    @property
    def epochs_done(self) -> int:
        """Epochs in the log of the run."""
        return max(0, self.epochs.read_text().count("\n") - 1) if self.epochs.exists() else 0

    def wait_until_free(self, seconds: float) -> None:
        """Waits for another process to leave the folder.

        Raises:
            FolderInUse: it trains there after so many seconds, too.
        """
        try:
            if self.lock.exists():
                filelock.FileLock(self.lock).acquire(timeout=seconds).lock.release()
        except filelock.Timeout:
            raise self._in_use() from None

    @contextlib.contextmanager
    def open(self, config: RunConfig, *, resume: bool | None = False, data: dict | None = None):
        """Holds the folder for a run while the block runs; no other process can.

        Args:
            config: of the run.
            resume: True: the folder must hold this run already; False: it must be new or empty;
                None: either.
            data: `ann.data.fingerprint` of the run's data set.

        Raises:
            FolderInUse: another process trains in the folder.
            RunFolderError: the folder holds another run, or this run or none against `resume`, or
                something else; or it cannot be written.
        """
        self._check_kind(resume)
        with self._locked():
            if self.config.exists():
                self.check(config, data)
                if self.environment.exists():
                    self._json(self.environment)
                if resume is False:
                    raise self._error(
                        "the folder holds this run already: pass --resume to go on with it"
                    )
                if self.earlier_checkpoint.exists() and not self.checkpoints.exists():
                    raise self._error(
                        f"the folder has a checkpoint of an earlier version of ann "
                        f"({self.earlier_checkpoint.name}), which this version cannot read. "
                        "Choose another run_dir"
                    )
            else:
                write_json(self.config, config.to_dict())
            if data is not None and not self.data.exists():
                write_json(self.data, data)
            for leftover in self.path.glob(".partial-*"):
                leftover.unlink()
            yield

    def check(self, config: RunConfig, data: dict | None = None) -> None:
        """Refuses a folder that holds another run than `config`, or other data than `data`.

        Raises:
            RunFolderError: it does; the message says in what they differ.
        """
        differences = self._differences(config)
        if differences:
            raise self._error(
                f"the folder holds another run, with {'; '.join(differences)}. "
                "Choose another run_dir"
            )
        if data is None or not self.data.exists():
            return
        found = self._json(self.data)
        changed = [
            f"{name} {value!r} instead of {found.get(name)!r}"
            for name, value in data.items()
            if value != found.get(name)
        ]
        if changed:
            raise self._error(
                f"the data has changed since the run began: {'; '.join(changed)}. "
                "Bring the data back, or choose another run_dir"
            )

    def check_log(self, epochs: int | None) -> None:
        """Refuses a log that does not go with the checkpoints: rows would be missing from it, or an
        almost finished run would start over.

        Args:
            epochs: finished ones in the newest checkpoint; None where there is no checkpoint.

        Raises:
            RunFolderError: it does not; the message says how.
        """
        rows = self._logged_epochs()
        if epochs is None and len(rows) > 1:  # the first one is written before its checkpoint
            raise self._error(
                f"{self.epochs.name} has {len(rows)} epochs, but there is no checkpoint to go on "
                "from. Bring the checkpoints back, or choose another run_dir"
            )
        if rows[: epochs or 0] != list(range(epochs or 0)):
            raise self._error(
                f"{self.epochs.name} lacks epochs that the newest checkpoint has ({epochs}). "
                "Bring the file back, or choose another run_dir"
            )

    def _logged_epochs(self) -> list[int]:
        try:
            lines = self.epochs.read_text().splitlines() if self.epochs.exists() else []
            return [int(line.split(",")[0]) for line in lines[1:]]
        except ValueError:
            raise self._error(f"{self.epochs.name} is damaged") from None

    def _check_kind(self, resume):
        """Refuses what is not the folder of a run, and touches nothing."""
        for path in (self.path, *self.path.parents):
            if path.exists() and not path.is_dir():
                raise self._error(f"{path} is a file, not a folder")
        holds_run = self.config.exists()
        if resume is True and not holds_run:
            raise self._error("there is no run to resume in this folder")
        if not holds_run and self.path.exists() and self._foreign():
            raise self._error("run_dir must be a new, empty or run folder")

    def _foreign(self):
        ours = {self.lock.name, self.lock_holder.name}
        return [
            path
            for path in self.path.iterdir()
            if path.name not in ours and not path.name.startswith(".partial-")
        ]

    @contextlib.contextmanager
    def _locked(self):
        lock = filelock.FileLock(self.lock)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except filelock.Timeout:
            raise self._in_use() from None
        except OSError as error:
            raise self._error(f"the folder cannot be written: {error.strerror}") from error
        try:
            now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
            write_json(
                self.lock_holder, {"process": os.getpid(), "host": platform.node(), "since": now}
            )
            yield
        finally:
            self.lock_holder.unlink(missing_ok=True)
            lock.release()

    def _holder(self):
        try:
            holder = json.loads(self.lock_holder.read_text())
        except (OSError, ValueError):  # it has only just taken the lock
            return "another process"
        return "process {process} on {host}, since {since},".format(**holder)

    def _json(self, path):
        try:
            return json.loads(path.read_text())
        except ValueError:
            raise self._error(f"{path.name} is damaged") from None

    def _in_use(self):
        return self._error(f"{self._holder()} is training in this folder", FolderInUse)

    def _error(self, text, kind=RunFolderError):
        return kind(f"{text}. Received: run_dir={str(self.path)!r}")

    def _differences(self, config) -> list[str]:
        """Fields in which the folder's config differs from what `config` claims."""
        try:
            found = RunConfig.from_dict(json.loads(self.config.read_text())).to_dict()
        except (ValueError, TypeError) as error:
            return [f"an unreadable config.json ({error})"]
        return [
            f"{field}={found[group][field]!r} instead of {value!r}"
            for group, values in claims(config).items()
            for field, value in values.items()
            if found[group][field] != value
        ]


def write_json(path: pathlib.Path, values) -> None:
    """Writes indented JSON, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(values, indent=2) + "\n")
