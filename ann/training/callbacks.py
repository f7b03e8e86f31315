"""Keras callbacks of a training run."""

import math
import os
import pathlib
import platform
import time

import keras
import pandas as pd

from ann.atomic_write import atomic_path


class RaiseOnNaN(keras.callbacks.Callback):
    """Ends training with an error that names the exit whose loss is not finite; the last checkpoint
    stays as it is.

    Raises:
        FloatingPointError: (in `fit`) after the first batch with such a loss.
    """

    def on_train_batch_end(self, batch, logs=None):
        if math.isfinite(logs["loss"]):
            return
        losses = {name: logs[f"{name}_loss"] for name in self.model.exit_names}
        bad = [name for name, loss in losses.items() if not math.isfinite(loss)] or [
            "none; the weighted sum"
        ]
        raise FloatingPointError(
            f"the loss is not finite at {bad[0]} ({len(bad)} of {len(losses)} exits). "
            "A smaller learning_rate may help; inputs that are not finite and labels outside "
            f"0..{self.model.num_classes - 1} do this too. "
            f"Received: loss={logs['loss']} in batch {batch}"
        )


class ExitWeightLog(keras.callbacks.Callback):
    """Adds `exit_00_weight`, ... (the loss weights last used) and `learning_rate` to the logs of
    each epoch.

    With a sampler also `exit_00_probability`, .... It has to come before the callbacks that write
    logs.
    """

    def on_epoch_end(self, epoch, logs=None):
        combiner = self.model.loss_combiner
        for what, variable in (
            ("weight", combiner.exit_weights),
            ("probability", combiner.exit_probabilities),
        ):
            if variable is not None:
                values = keras.ops.convert_to_numpy(variable)
                logs.update(
                    {
                        f"{name}_{what}": float(v)
                        for name, v in zip(self.model.exit_names, values, strict=True)
                    }
                )
        logs["learning_rate"] = float(
            keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)
        )


class EpochLog(keras.callbacks.Callback):
    """All logs of each epoch as a row of a CSV file, `epoch` first, 0-based.

    The file is rewritten whole after each epoch. When training goes on from an earlier epoch, rows
    from there on are dropped.

    Args:
        path: of the file.
    """

    def __init__(self, path):
        super().__init__()
        self.path = pathlib.Path(path)

    def on_epoch_end(self, epoch, logs=None):
        row = pd.DataFrame([{"epoch": epoch, **logs}])
        earlier = rows_before(self.path, epoch)
        rows = pd.concat([earlier, row], ignore_index=True) if len(earlier) else row
        with atomic_path(self.path) as temporary:
            rows.to_csv(temporary, index=False)


def rows_before(path, epoch: int) -> pd.DataFrame:
    """The rows of an `EpochLog` before an epoch, as text: every number stays as it was written."""
    if not pathlib.Path(path).exists():
        return pd.DataFrame({"epoch": []})
    rows = pd.read_csv(path, dtype=str)
    return rows[rows.epoch.astype(int) < epoch]


class EpochCharts(keras.callbacks.Callback):
    """The logs of each epoch as TensorBoard charts, those of training and evaluation together.

    `exit_00_loss`, `exit_01_loss`, ... stand in one section. When training goes on, the charts are
    made again from the rows of the log, so that no epoch is in them twice. It has to come after
    the `EpochLog` of the same path.

    Args:
        folder: of the event files.
        log_path: of the `EpochLog`.
    """

    def __init__(self, folder, log_path):
        super().__init__()
        self.folder = pathlib.Path(folder)
        self.log_path = log_path
        self.files = {}

    def on_epoch_begin(self, epoch, logs=None):
        if self.files:
            return
        for name in ("train", "validation"):
            folder = self.folder / name
            folder.mkdir(parents=True, exist_ok=True)
            for path in folder.glob("events.out.*"):
                path.unlink()
            self.files[name] = _EventFile(folder)
        for row in rows_before(self.log_path, epoch).to_dict("records"):
            self._write(int(row.pop("epoch")), {name: float(value) for name, value in row.items()})

    def on_epoch_end(self, epoch, logs=None):
        self._write(epoch, logs)

    def _write(self, epoch, values):
        points = {kind: {} for kind in self.files}
        for name, value in values.items():
            kind = "validation" if name.startswith("val_") else "train"
            points[kind][_chart(name.removeprefix("val_"))] = value
        for kind, file in self.files.items():
            file.add(points[kind], epoch)


class _EventFile:
    """An event file of TensorBoard, written by its own package: TensorFlow need not be there. It is
    open only while something is written: training may end at any time."""

    def __init__(self, folder):
        name = f"events.out.tfevents.{int(time.time())}.{platform.node()}.{os.getpid()}"
        self._path = folder / name
        self._write(file_version="brain.Event:2")

    def add(self, points, step):
        """Adds a point to each of some charts."""
        from tensorboard.compat.proto.summary_pb2 import Summary

        values = [Summary.Value(tag=tag, simple_value=value) for tag, value in points.items()]
        self._write(summary=Summary(value=values), step=step)

    def _write(self, **event):
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        with open(self._path, "ab") as file:
            RecordWriter(file).write(Event(wall_time=time.time(), **event).SerializeToString())


def _chart(name):
    """Name of a chart, its section first: `loss/exit_00` for `exit_00_loss`."""
    if not name.startswith("exit_"):
        return name
    exit_name, what = name.rsplit("_", 1)
    return f"{what}/{exit_name}"
