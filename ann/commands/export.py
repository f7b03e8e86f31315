"""Exports the network of a finished run, or of a preset, for deployment.

    ann export --run_dir=runs/demo/const --output=exported --format=onnx
    ann export --preset=presets/mine --output=exported --format=onnx

The export takes uint8 images and normalizes them as the training did, unless --nopreprocess.
manifest.json beside the files says what each exit costs and its error on the test images.
`ann.runtime.AnytimePredictor`, `ann predict` and `ann serve` run it.
"""

import json
import pathlib

from absl import flags

from ann.runtime.manifest import FORMATS


def define_flags() -> None:
    """Defines the flags of the command."""
    flags.DEFINE_string("run_dir", None, "Folder of a finished run.")
    flags.DEFINE_string("preset", None, "Instead of a run: name or folder of a preset.")
    flags.DEFINE_string(
        "output", None, "Folder to write; an earlier export there is replaced.", required=True
    )
    flags.DEFINE_list("format", "saved_model", f"One or several of {', '.join(FORMATS)}.")
    flags.register_validator(
        "format",
        lambda names: names and set(names) <= set(FORMATS),
        message=f"must be one or several of {', '.join(FORMATS)}",
    )
    flags.DEFINE_bool(
        "preprocess", True, "Take uint8 images and normalize them as the training did."
    )


def main(arguments) -> None:
    """Exports the run or the preset that the flags name."""
    del arguments
    from absl import logging

    from ann.runs.export import export_preset, export_run

    logging.set_verbosity(logging.ERROR)  # TensorFlow reports every function it saves
    values = flags.FLAGS
    if (values.run_dir is None) == (values.preset is None):
        raise ValueError(
            "one of --run_dir and --preset is needed. "
            f"Received: run_dir={values.run_dir!r}, preset={values.preset!r}"
        )
    source = values.run_dir or values.preset
    export_one = export_run if values.run_dir else export_preset
    export_one(source, values.output, values.format, preprocess=values.preprocess)
    manifest = json.loads((pathlib.Path(values.output) / "manifest.json").read_text())
    exits = len(manifest["exits"])
    print(f"{exits} exits as {', '.join(values.format)} written to {values.output}")
