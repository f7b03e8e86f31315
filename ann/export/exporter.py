"""`export`: a chain becomes files that others can run."""

import pathlib

import keras
import numpy as np
from tqdm import tqdm

from ann import runtime
from ann.export.float32 import in_float32
from ann.export.folder import atomic_folder
from ann.export.links import links
from ann.export.litert import write_litert
from ann.export.manifest import write_manifest
from ann.export.onnx_files import write_onnx
from ann.export.requirements import require
from ann.export.saved_model import write_saved_model

FORMATS = ("saved_model", "onnx", "litert")
_PACKAGES = {
    "saved_model": (),
    "onnx": ("tf2onnx", "onnx", "onnxruntime"),
    "litert": ("ai_edge_litert",),
}


def export(
    model, path, format="saved_model", *, preprocessing=None, errors=None, largest=255
) -> None:
    """Writes an anytime network as files that `ann.runtime` or others run without Keras, and
    `manifest.json` beside them.

    The folder appears as a whole or not at all; an export that lies there is replaced. Each format
    is loaded again and run against the model before.

    Args:
        model: a `MultiExitModel`, or anything with its `segments`, `heads`, `exit_names`,
            `sample_shape` and `num_classes`.
        path: folder to write.
        format: "saved_model" (TensorFlow: a signature per exit and per segment), "onnx" (a file of
            the whole network and one per segment) or "litert" (one file, a signature per exit and
            per segment, batches of one), or several of them. All compute in float32, whatever
            precision the model was trained in.
        preprocessing: Keras layer or model from float32 pixels 0..255 to what `model` takes; the
            export then takes uint8 images.
        errors: top-1 error (%) of each exit on held-out data, for the manifest.
        largest: value of a white pixel in the images that the model was trained on, for the
            manifest: whoever has a picture scales it to that.

    Raises:
        ValueError: unknown format; the folder holds something else; a number of errors other than
            that of exits; a layer whose cost is not known.
        ImportError: a package that the format needs is missing.
        RuntimeError: an exported file answers otherwise than the model.

    Example:
        >>> model = models.build("resann-n1-c4", num_classes=10)
        >>> export(model, tmp_path / "resann")
        >>> sorted(p.name for p in (tmp_path / "resann").glob("*.*"))
        ['fingerprint.pb', 'manifest.json', 'saved_model.pb']
    """
    formats = _check_formats(format)
    path = pathlib.Path(path)
    if path.exists() and any(path.iterdir()) and not (path / "manifest.json").exists():
        raise ValueError(
            f"path must be new, empty or an earlier export. Received: path={str(path)!r}"
        )
    if errors is not None and len(errors) != model.num_exits:
        raise ValueError(
            f"errors needs one number for each of the {model.num_exits} exits. Received: {len(errors)} numbers"
        )
    model, preprocessing = in_float32(model), in_float32(preprocessing)
    if preprocessing is not None:
        preprocessing(np.zeros((1, *model.sample_shape), "float32"))  # makes its variables
    with atomic_folder(path) as folder:
        for name in formats:
            _write(name, model, preprocessing, folder)
        write_manifest(folder, model, formats, preprocessing, errors, largest)
        for name in formats:
            _verify(name, model, preprocessing, folder)


def _check_formats(format):
    formats = (format,) if isinstance(format, str) else tuple(format)
    if not formats or not set(formats) <= set(FORMATS):
        raise ValueError(f"format must be one or several of {FORMATS}. Received: format={format!r}")
    for name in formats:
        for package in _PACKAGES[name]:
            require(package, name)
    return formats


def _write(name, model, preprocessing, folder):
    chain = links(model, preprocessing)
    variables = [*model.variables, *(preprocessing.variables if preprocessing else ())]
    if name == "saved_model":
        write_saved_model(chain, model.exit_names, variables, folder)
    elif name == "onnx":
        write_onnx(
            chain, model.exit_names, folder, lambda files: tqdm(files, "ONNX files", leave=False)
        )
    else:
        write_litert(chain, model.exit_names, variables, folder)


def _verify(name, model, preprocessing, folder):
    """Runs the files as a user would and compares every exit with the model."""
    pixels = np.random.default_rng(0).integers(0, 256, (1, *model.sample_shape))
    images = pixels.astype("uint8") if preprocessing else (pixels / 255.0).astype("float32")
    inputs = preprocessing(images.astype("float32")) if preprocessing else images
    predictor = runtime.AnytimePredictor(folder, engine=runtime.ENGINE_OF_FORMAT[name])
    for answer, expected in zip(
        predictor.refine(images), model(inputs, training=False), strict=True
    ):
        expected = keras.ops.convert_to_numpy(expected)
        difference = np.max(np.abs(answer.logits - expected))
        if not difference <= 1e-3 * max(1.0, np.max(np.abs(expected))):
            raise RuntimeError(
                f"the {name} export answers otherwise than the model at exit {answer.exit}, by {difference:.2g}"
            )
