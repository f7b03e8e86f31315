"""Exports the network of a finished run for deployment.

    python -m experiments.export --run_dir=runs/demo/adaloss --output=exported --format=onnx

The export takes uint8 images and normalises them as the training did, unless --nopreprocess. manifest.json beside the files
says what each exit costs and how often it errs on the test images. `ann.runtime.AnytimePredictor` runs it.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import json
import pathlib

from absl import app, flags, logging

_RUN_DIR = flags.DEFINE_string("run_dir", None, "Folder of a finished run.", required=True)
_OUTPUT = flags.DEFINE_string("output", None, "Folder to write; an earlier export there is replaced.", required=True)
_FORMAT = flags.DEFINE_list("format", "saved_model", "One or several of saved_model, onnx, litert.")
_PREPROCESS = flags.DEFINE_bool("preprocess", True, "Take uint8 images and normalise them as the training did.")


def export_run(run_dir, output, formats, *, preprocess: bool) -> None:
    """Exports the network of a finished run (`ann.export.export`).

    Raises:
        FileNotFoundError: the folder holds no finished run.
        ValueError: what `ann.export.export` refuses.
    """
    import keras
    import pandas as pd

    from ann import build, export
    from ann.config import RunConfig
    from experiments.run_folder import RunFolder

    folder = RunFolder(run_dir)
    if not folder.curve.exists():
        raise FileNotFoundError(f"no finished run (curve.csv) here. Received: {str(folder.path)!r}")
    preprocessing = None
    if preprocess:
        mean, std = build.dataset(RunConfig.from_dict(json.loads(folder.config.read_text()))).normalization()
        preprocessing = keras.layers.Normalization(mean=mean, variance=std**2)
    model = keras.saving.load_model(folder.model, compile=False)
    errors = pd.read_csv(folder.curve).error_top1
    export.export(model, output, formats, preprocessing=preprocessing, errors=errors)


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"every setting is a --flag=value. Received: {argv[1:]}")
    logging.set_verbosity(logging.ERROR)  # TensorFlow tells of every function it saves
    try:
        export_run(_RUN_DIR.value, _OUTPUT.value, _FORMAT.value, preprocess=_PREPROCESS.value)
    except (ValueError, FileNotFoundError, ImportError) as error:
        raise SystemExit(f"error: {error}") from error
    exits = len(json.loads((pathlib.Path(_OUTPUT.value) / "manifest.json").read_text())["exits"])
    print(f"{exits} exits as {', '.join(_FORMAT.value)} written to {_OUTPUT.value}")


if __name__ == "__main__":
    app.run(main)
