"""What TensorBoard shows of a run."""

import math
import os
import pathlib
import platform
import struct
import time

import keras

from ann.training.callbacks import rows_before

_IMAGE = "error_against_cost"


class EpochCharts(keras.callbacks.Callback):
    """The logs of each epoch as TensorBoard charts, those of training and evaluation together.

    `exit_00_loss`, `exit_01_loss`, ... stand in one section. When training goes on, the charts are
    made again from the rows of the log, so that no epoch is in them twice. It has to come after
    the `EpochLog` of the same path.

    Args:
        folder: of the event files.
        log_path: of the `EpochLog`.
        draw: function from the logs of an evaluated epoch to a PNG file's content, shown as
            the image `error_against_cost`; default: no image.
        settings: dictionary of texts, numbers and booleans, shown beside the results of the run in
            the tab HParams.
    """

    def __init__(self, folder, log_path, *, draw=None, settings=None):
        super().__init__()
        self.folder = pathlib.Path(folder)
        self.log_path = log_path
        self.draw = draw
        self.settings = settings
        self.files = {}

    def on_epoch_begin(self, epoch, logs=None):
        if self.files:
            return
        for name in ("train", "validation"):
            self.files[name] = _only_event_file(self.folder / name)
        if self.settings:
            # Of the folder itself: the charts in the folders below belong to these settings.
            _only_event_file(self.folder).add_settings(self.settings)
        for row in rows_before(self.log_path, epoch).to_dict("records"):
            self._write(int(row.pop("epoch")), {name: float(value) for name, value in row.items()})

    def on_epoch_end(self, epoch, logs=None):
        self._write(epoch, logs)

    def _write(self, epoch, values):
        points = {"train": {}, "validation": {}}
        for name, value in values.items():
            kind = "validation" if name.startswith("val_") else "train"
            points[kind][_chart(name.removeprefix("val_"))] = value
        for kind, file in self.files.items():
            file.add(points[kind], epoch)
        # The rows of epochs without an evaluation have NaN.
        if self.draw is not None and math.isfinite(values.get("val_loss", math.nan)):
            self.files["validation"].add_image(_IMAGE, self.draw(values), epoch)


def _only_event_file(folder):
    """A new event file in a folder that holds no other."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("events.out.*"):
        path.unlink()
    return _EventFile(folder)


class _EventFile:
    """An event file of TensorBoard, written by its own package: TensorFlow need not be there.

    It is open only while something is written: training may end by any error.
    """

    def __init__(self, folder):
        from tensorboard.compat.proto import event_pb2, summary_pb2

        self._event, self._summary = event_pb2.Event, summary_pb2.Summary
        name = f"events.out.tfevents.{int(time.time())}.{platform.node()}.{os.getpid()}"
        self._path = folder / name
        self._write(file_version="brain.Event:2")

    def add(self, points, step):
        """Adds a point to each of several charts; `points` is a dictionary from tag to value."""
        values = [self._summary.Value(tag=tag, simple_value=v) for tag, v in points.items()]
        self._write(step=step, summary=self._summary(value=values))

    def add_image(self, tag, png, step):
        """Adds a picture to those of `tag`."""
        width, height = struct.unpack(">II", png[16:24])
        image = self._summary.Image(height=height, width=width, encoded_image_string=png)
        value = self._summary.Value(tag=tag, image=image)
        self._write(step=step, summary=self._summary(value=[value]))

    def add_settings(self, settings):
        """Makes a row of the tab HParams."""
        from tensorboard.plugins.hparams.summary_v2 import hparams_pb

        summary = self._summary.FromString(hparams_pb(settings).SerializeToString())
        self._write(summary=summary)

    def _write(self, **fields):
        from tensorboard.summary.writer.record_writer import RecordWriter

        event = self._event(wall_time=time.time(), **fields)
        with open(self._path, "ab") as file:
            RecordWriter(file).write(event.SerializeToString())


def _chart(name):
    """Name of a chart, its section first: `loss/exit_00` for `exit_00_loss`."""
    if not name.startswith("exit_"):
        return name
    exit_name, what = name.rsplit("_", 1)
    return f"{what}/{exit_name}"
