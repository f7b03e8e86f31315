"""`manifest.json`: what lies in an export, for whoever loads it."""

import json

import keras
import tensorflow as tf

import ann
from ann import costs
from ann.runtime.manifest import VERSION, checksum


def write_manifest(folder, model, formats, preprocessing, errors, largest) -> None:
    """Writes `manifest.json` into `folder`, over the files that lie there.

    Args:
        folder: path of the export.
        model: the anytime network.
        formats: names of the formats written.
        preprocessing: layer from images to the model's input, or None.
        errors: top-1 error (%) of each exit on held-out data, or None.
        largest: value of a white pixel in the images.
    """
    profile = costs.profile(model)
    exits = [
        {
            "name": name,
            "macs": int(row.macs_blockwise),  # a segment is run as a whole
            "macs_pruned": int(row.macs_pruned),
            "params": int(row.params),
            "error_top1": None if errors is None else float(errors[row.exit]),
        }
        for name, row in zip(model.exit_names, profile.itertuples(), strict=True)
    ]
    manifest = {
        "manifest_version": VERSION,
        "model": model.name,
        "formats": list(formats),
        "input": {
            "shape": list(model.sample_shape),
            "dtype": "uint8" if preprocessing else "float32",
            "largest": largest,
        },
        "preprocessing": preprocessing and keras.saving.serialize_keras_object(preprocessing),
        "num_classes": model.num_classes,
        "exits": exits,
        "versions": {
            "ann": ann.__version__,
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
        },
        "sha256": {
            str(path.relative_to(folder)): checksum(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        },
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
