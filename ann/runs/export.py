"""The network of a finished run, exported."""

import json

import keras
import pandas as pd

from ann import export

from ann.runs import build
from ann.runs.config import RunConfig
from ann.runs.folder import RunFolder


def export_run(run_dir, output, formats, *, preprocess: bool) -> None:
    """Exports the network of a finished run (`ann.export.export`).

    Raises:
        FileNotFoundError: the folder holds no finished run.
        ValueError: what `ann.export.export` refuses.
    """
    folder = RunFolder(run_dir)
    if not folder.curve.exists():
        raise FileNotFoundError(f"no finished run (curve.csv) here. Received: {str(folder.path)!r}")
    preprocessing = None
    if preprocess:
        mean, std = build.dataset(
            RunConfig.from_dict(json.loads(folder.config.read_text()))
        ).normalization()
        preprocessing = keras.layers.Normalization(mean=mean, variance=std**2)
    model = keras.saving.load_model(folder.model, compile=False)
    errors = pd.read_csv(folder.curve).error_top1
    export.export(model, output, formats, preprocessing=preprocessing, errors=errors)
