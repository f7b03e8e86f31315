"""The folder of one training run: what lies in it, and who may write there."""

import dataclasses
import json
import pathlib

from ann.atomic_write import atomic_path
from ann.runs.config import RunConfig
from ann.runs.identity import claims


class RunFolderError(ValueError):
    """The folder cannot be used for this run."""


@dataclasses.dataclass(frozen=True)
class RunFolder:
    """Names of the files of a run."""

    path: pathlib.Path

    def __post_init__(self):
        object.__setattr__(self, "path", pathlib.Path(self.path))

    config = property(lambda self: self.path / "config.json")
    environment = property(lambda self: self.path / "environment.json")
    epochs = property(lambda self: self.path / "epochs.csv")
    tensorboard = property(lambda self: self.path / "tensorboard")
    checkpoint = property(lambda self: self.path / "checkpoint.weights.h5")
    model = property(lambda self: self.path / "model.keras")
    curve = property(lambda self: self.path / "curve.csv")
    figure = property(lambda self: self.path / "curve.png")
    final_exit = property(
        lambda self: self.path / "final_exit"
    )  # midfeat: the run that made the features
    weights_figure = property(lambda self: self.path / "weights.png")
    sampling_figure = property(lambda self: self.path / "sampling.png")
    report = property(lambda self: self.path / "report.html")

    def open(self, config: RunConfig, *, resume: bool) -> None:
        """Claims the folder for a run: a new or empty one, or with `resume` one of the same config.

        Raises:
            RunFolderError: the folder holds another run, this run without `resume`, or something
                else.
        """
        if not self.path.exists() or not any(self.path.iterdir()):
            write_json(self.config, config.to_dict())
            return
        if not self.config.exists():
            raise RunFolderError(
                f"run_dir must be a new, empty or run folder. Received: run_dir={str(self.path)!r}"
            )
        differences = self._differences(config)
        if differences:
            raise RunFolderError(
                f"the folder holds another run, with {'; '.join(differences)}. Choose another run_dir. "
                f"Received: run_dir={str(self.path)!r}"
            )
        if not resume:
            raise RunFolderError(
                f"the folder holds this run already: pass --resume to go on with it. Received: run_dir={str(self.path)!r}"
            )

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
