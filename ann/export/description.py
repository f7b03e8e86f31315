"""What `manifest.json` says of an export."""

import json

import keras
import tensorflow as tf

import ann
from ann import costs
from ann.runtime import files
from ann.runtime.manifest import VERSION, check, checksum


def write_manifest(
    folder,
    model,
    links,
    formats,
    *,
    preprocessing,
    errors,
    temperatures,
    largest,
    quantization,
    input_shape=None,
) -> None:
    """Writes `manifest.json` into `folder`, over the files that are there.

    Args:
        folder: path of the export.
        model: the anytime network.
        links: of `ann.export.links`.
        formats: names of the formats written.
        preprocessing: layer from images to the model's input, or None.
        errors: top-1 error (%) of each exit on held-out data, or None.
        temperatures: by which the logits of each exit were divided, or None.
        largest: value of a white pixel in the images.
        quantization: what rounding to int8 did, by engine, or None.
        input_shape: sizes that the model leaves open, or None.
    """
    profile, why_unknown = _costs(model, input_shape)
    exits = [
        {
            "name": name,
            **profile[index],
            "error_top1": None if errors is None else float(errors[index]),
            "temperature": 1.0 if temperatures is None else float(temperatures[index]),
        }
        for index, name in enumerate(model.exit_names)
    ]
    manifest = {
        "manifest_version": VERSION,
        "model": model.name,
        "formats": list(formats),
        "precision": "float32" if quantization is None else "int8",
        **_inputs(links[0], largest),
        "preprocessing": preprocessing and keras.saving.serialize_keras_object(preprocessing),
        "num_classes": links[-1].logits_shape[-1],
        "logits_shape": list(links[-1].logits_shape),
        "exits": exits,
        "costs_unknown": why_unknown,
        "quantization": quantization,
        "versions": {
            "ann": ann.__version__,
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
        },
        "sha256": {
            path.relative_to(folder).as_posix(): checksum(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != files.MANIFEST
        },
    }
    check(manifest)
    (folder / files.MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")


def _inputs(first, largest) -> dict:
    """The entries `input` and `inputs`: one input, or a list of several."""
    several = [
        {"name": name, "shape": list(spec.shape[1:]), "dtype": spec.dtype.name}
        for name, spec in zip(first.names, first.inputs, strict=True)
    ]
    if len(several) > 1:
        return {"input": None, "inputs": several}
    (alone,) = several
    return {
        "input": {"shape": alone["shape"], "dtype": alone["dtype"], "largest": largest},
        "inputs": None,
    }


def _costs(model, input_shape):
    """Costs of each exit, and why they are not known where they cannot be counted."""
    try:
        rows = costs.profile(model, input_shape=input_shape).itertuples()
    except Exception as error:  # a network can be exported whether or not it can be counted
        unknown = dict.fromkeys(("macs", "macs_lazy", "macs_pruned", "params"))
        return [unknown] * len(model.heads), str(error) or repr(error)
    return [
        {
            "macs": int(row.macs_blockwise),  # a segment is run as a whole
            "macs_lazy": int(row.macs_lazy),
            "macs_pruned": int(row.macs_pruned),
            "params": int(row.params),
        }
        for row in rows
    ], None
