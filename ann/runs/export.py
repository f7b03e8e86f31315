"""The network of a finished run, exported."""

import keras
import pandas as pd

from ann import export
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
