"""The network of a finished run, measured again."""

import dataclasses
import json

import keras
import pandas as pd

from ann import data, evaluation
from ann.runs import build
from ann.runs.config import RunConfig
from ann.runs.folder import RunFolder


def finished(run_dir, data_dir=None) -> tuple[RunFolder, RunConfig]:
    """The folder of a finished run and its config.

    Args:
        run_dir: the folder.
        data_dir: folder of the data, where it has moved; default: the one of the training.

    Raises:
        FileNotFoundError: the folder holds no finished run.
    """
    folder = RunFolder(run_dir)
    if not folder.curve.exists():
        raise FileNotFoundError(f"no finished run (curve.csv) here. Received: {str(folder.path)!r}")
    config = RunConfig.from_dict(json.loads(folder.config.read_text()))
    if data_dir:
        moved = dataclasses.replace(config.data, data_dir=str(data_dir))
        config = dataclasses.replace(config, data=moved)
    return folder, config


def evaluate(run_dir, data_dir: str | None = None) -> pd.DataFrame:
    """The anytime curve of a finished run, computed again on its evaluation images.

    Args:
        run_dir: folder of the run.
        data_dir: folder of the data; default: the one of the training.

    Returns:
        As `evaluation.anytime_curve`.

    Raises:
        FileNotFoundError: the folder holds no finished run, or the data is not there.
    """
    folder, config = finished(run_dir, data_dir)
    dataset = build.dataset(config)
    model = keras.saving.load_model(folder.model, compile=False)
    return evaluation.anytime_curve(model, data.evaluation_batches(dataset))
