"""Exports the network of a finished run for deployment.

    python -m experiments.export --run_dir=runs/demo/adaloss --output=exported --format=onnx

The export takes uint8 images and normalises them as the training did, unless --nopreprocess.
manifest.json beside the files says what each exit costs and how often it errs on the test images.
`ann.runtime.AnytimePredictor` runs it.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import json
import pathlib

from absl import app, flags, logging

_RUN_DIR = flags.DEFINE_string("run_dir", None, "Folder of a finished run.", required=True)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Folder to write; an earlier export there is replaced.", required=True
)
_FORMAT = flags.DEFINE_list("format", "saved_model", "One or several of saved_model, onnx, litert.")
_PREPROCESS = flags.DEFINE_bool(
    "preprocess", True, "Take uint8 images and normalise them as the training did."
)


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"every setting is a --flag=value. Received: {argv[1:]}")
    logging.set_verbosity(logging.ERROR)  # TensorFlow tells of every function it saves
    from ann.runs.export import export_run

    try:
        export_run(_RUN_DIR.value, _OUTPUT.value, _FORMAT.value, preprocess=_PREPROCESS.value)
    except (ValueError, FileNotFoundError, ImportError) as error:
        raise SystemExit(f"error: {error}") from error
    exits = len(json.loads((pathlib.Path(_OUTPUT.value) / "manifest.json").read_text())["exits"])
    print(f"{exits} exits as {', '.join(_FORMAT.value)} written to {_OUTPUT.value}")


if __name__ == "__main__":
    app.run(main)
