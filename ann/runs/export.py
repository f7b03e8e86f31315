"""The network of a finished run, or of a preset, exported."""

import keras
import numpy as np
import pandas as pd

from ann import export, models
from ann.runs import build
from ann.runs.evaluate import finished


def export_run(run_dir, output, formats, *, preprocess: bool) -> None:
    """Exports the network of a finished run (`ann.export.export`).

    Args:
        run_dir: folder of the run.
        output: folder to write.
        formats: names of formats.
        preprocess: whether the export takes uint8 images and normalizes them as the training did.

    Raises:
        FileNotFoundError: the folder holds no finished run.
        ValueError: what `ann.export.export` refuses.
    """
    export.check_formats(formats)
    folder, config = finished(run_dir)
    preprocessing, largest = None, 255
    if preprocess:
        data = build.dataset(config)
        largest = data.largest
        mean, std = data.normalization()
        preprocessing = keras.layers.Normalization(mean=mean, variance=std**2)
    model = keras.saving.load_model(folder.model, compile=False)
    errors = pd.read_csv(folder.curve).error_top1
    export.export(
        model,
        output,
        formats,
        preprocessing=preprocessing,
        errors=errors,
        largest=largest,
    )


def export_preset(preset, output, formats, *, preprocess: bool) -> None:
    """Exports a preset, with its temperatures where it has them.

    Args:
        preset: name or folder, as `models.from_preset`.
        output: folder to write.
        formats: names of formats.
        preprocess: whether the export takes uint8 images and normalizes them as the preset says.

    Raises:
        ValueError: no such preset, it is damaged, or it has no normalization to export; what
            `ann.export.export` refuses.
    """
    model = models.from_preset(preset)
    facts, preprocessing = model.preset, None
    if preprocess:
        preprocessing = _normalization_of(facts, preset)
    export.export(
        model,
        output,
        formats,
        preprocessing=preprocessing,
        errors=_of_exits(facts, "error_top1"),
        temperatures=_of_exits(facts, "temperature"),
        largest=facts.largest,
    )


def _normalization_of(facts, preset):
    """The layer that makes a preset's input from pixels."""
    if facts.normalization is None:
        raise ValueError(
            "the preset does not say how pixels become its input (it has no normalization). "
            f"Received: preset={str(preset)!r}"
        )
    std = np.asarray(facts.normalization["std"], "float32")
    return keras.layers.Normalization(mean=facts.normalization["mean"], variance=std**2)


def _of_exits(facts, name):
    """A value of each exit, or None where one exit has none."""
    values = [exit.get(name) for exit in facts.exits]
    return None if None in values else values
