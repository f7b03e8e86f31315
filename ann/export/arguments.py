"""What `export` is given, checked before any work."""

import pathlib

import keras
import numpy as np

from ann.export.probe import as_inputs
from ann.export.requirements import require
from ann.runtime import files
from ann.runtime.manifest import FORMATS

_PACKAGES = {
    "saved_model": (),
    "onnx": ("tf2onnx", "onnx", "onnxruntime"),
    "litert": ("ai_edge_litert",),
}


def check_formats(format) -> tuple[str, ...]:
    """Names of the formats to write.

    Raises:
        ValueError: an unknown format, or none.
        ImportError: a package that a format needs is missing.
    """
    formats = (format,) if isinstance(format, str) else tuple(format)
    if not formats or not set(formats) <= set(FORMATS):
        raise ValueError(f"format must be one or several of {FORMATS}. Received: format={format!r}")
    for name in formats:
        for package in _PACKAGES[name]:
            require(package, name)
    return formats


def check_model(model) -> None:
    """Raises `ValueError` where the model is not a chain."""
    if not hasattr(model, "segments"):
        raise ValueError(
            "export takes an anytime network; models.attach_exits makes one of a Keras model. "
            f"Received: {type(model).__name__} {getattr(model, 'name', '')!r}"
        )


def check_folder(path) -> pathlib.Path:
    """The folder to write, as a path.

    Raises:
        ValueError: it holds something else than an export.
    """
    path = pathlib.Path(path)
    ours = path.is_dir() and (not any(path.iterdir()) or (path / files.MANIFEST).exists())
    if path.exists() and not ours:
        raise ValueError(
            f"path must be new, empty or an earlier export. Received: path={str(path)!r}"
        )
    return path


def check_numbers(num_exits, errors, temperatures) -> None:
    """Raises `ValueError` where what is said of each exit is not a number of each."""
    for name, numbers in (("errors", errors), ("temperatures", temperatures)):
        if numbers is not None and len(numbers) != num_exits:
            raise ValueError(
                f"{name} needs one number for each of the {num_exits} exits. "
                f"Received: {len(numbers)} numbers"
            )
    if temperatures is not None and not all(0 < t < np.inf for t in temperatures):
        raise ValueError(
            f"temperatures must be above 0. Received: temperatures={list(temperatures)}"
        )


def check_preprocessing(preprocessing, sample_shape) -> None:
    """Raises `ValueError` where it is no layer; lets it make its variables."""
    if preprocessing is None:
        return
    if not isinstance(preprocessing, keras.layers.Layer):
        raise ValueError(
            "preprocessing must be a Keras layer or model, such as "
            f"keras.layers.Rescaling(1 / 255). Received: preprocessing={preprocessing!r}"
        )
    if all(isinstance(size, int) for size in sample_shape):  # else it is refused with the inputs
        preprocessing(np.zeros((1, *sample_shape), "float32"))


def check_quantize(quantize, calibration, bound, example, formats) -> None:
    """Raises `ValueError` where there is no such rounding, or calibration or a bound without it."""
    if quantize is None:
        for name, given in (("calibration", calibration), ("quantize_bound", bound)):
            if given is not None:
                raise ValueError(f"{name} is for quantize='int8'. Received: quantize=None")
        return
    if quantize != "int8" or "saved_model" in formats:
        raise ValueError(
            "quantize must be None or 'int8', for the formats 'onnx' and 'litert'. "
            f"Received: quantize={quantize!r}, format={list(formats)}"
        )
    if calibration is None:
        raise ValueError(
            "int8 needs calibration=images, or a pair of images and labels. "
            "Received: calibration=None"
        )
    if example is not None:
        raise ValueError(
            "an export in int8 is compared with the model on its calibration images; example= must "
            f"be None. Received: {type(example).__name__}"
        )


def check_one_answer(quantize, links) -> None:
    """Raises `ValueError` where int8 is asked for what it is not measured on."""
    shape, names = links[-1].logits_shape, links[0].names
    if quantize is not None and (len(shape) > 1 or len(names) > 1):
        raise ValueError(
            "int8 is for networks of one input and one answer for it. "
            f"Received: quantize={quantize!r}, inputs {names}, answers of shape {shape}"
        )


def images_and_labels(calibration, spec):
    """Images in the dtype of the export, and class indices or None; None and None for none.

    Args:
        calibration: images, or a pair of images and labels, or None.
        spec: of the input of the export.

    Raises:
        ValueError: images of another shape or dtype, or another number of labels.
    """
    if calibration is None:
        return None, None
    pair = isinstance(calibration, tuple) and len(calibration) == 2
    images, labels = calibration if pair else (calibration, None)
    images = as_inputs("calibration", images, spec)
    if labels is not None and np.shape(labels) != (len(images),):
        raise ValueError(
            f"calibration needs a class index for each of its {len(images)} images. "
            f"Received: labels of shape {np.shape(labels)}"
        )
    return images, None if labels is None else np.asarray(labels)
