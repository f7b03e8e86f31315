"""`export`: a chain becomes files that others can run."""

import pathlib

import keras
import numpy as np
from tqdm import tqdm

from ann import runtime
from ann.export.description import write_manifest
from ann.export.folder import atomic_folder
from ann.export.links import answers, links
from ann.export.probe import as_inputs, probe
from ann.export.quantize import compare, int8_models
from ann.export.requirements import require
from ann.runtime import files
from ann.runtime.manifest import FORMATS

_PACKAGES = {
    "saved_model": (),
    "onnx": ("tf2onnx", "onnx", "onnxruntime"),
    "litert": ("ai_edge_litert",),
}


def export(
    model,
    path,
    format="saved_model",
    *,
    preprocessing=None,
    errors=None,
    temperatures=None,
    example=None,
    quantize=None,
    calibration=None,
    quantize_bound=None,
    largest=255,
) -> None:
    """Writes an anytime network as files that `ann.runtime` or others run without Keras, and
    `manifest.json` beside them.

    The folder appears as a whole or not at all; an earlier export there is replaced. Each format
    is loaded again and compared with the model at every exit before that.

    Args:
        model: a `MultiExitModel`, or anything with its `segments`, `heads`, `exit_names`,
            `sample_shape` and `num_classes`.
        path: folder to write.
        format: "saved_model" (TensorFlow: a signature per exit and per segment), "onnx" (a file of
            the whole network and one per segment; for ONNX Runtime and OpenVINO) or "litert" (one
            file, a signature per exit and per segment, batches of one), or several of them. All
            compute in float32, whatever precision the model was trained in.
        preprocessing: Keras layer or model from float32 pixels 0..255 to what `model` takes; the
            export then takes uint8 images. A model with an input of uint8, that has it inside,
            needs none.
        errors: top-1 error (%) of each exit on held-out data, for the manifest.
        largest: value of a white pixel in the images that the model was trained on, for the
            manifest: whoever has a picture scales it to that.
        temperatures: of each exit, as `evaluation.fit_temperatures` finds them. The logits of the
            export are those of the model divided by them, so that all that reads the export gets
            calibrated probabilities.
        example: an input, or a batch of them, on which the export is compared with the model;
            default random numbers.
        quantize: "int8" to round kernels and activations of an ONNX or LiteRT export; default none.
        calibration: for "int8": a batch of images from which the ranges are taken, in the dtype
            of the export, or a pair of images and class indices. The manifest says what rounding
            did to every exit on them, by engine: the share of answers that stayed the same and,
            with labels, the errors before and after.
        quantize_bound: most that any exit may lose by rounding, in percent; default 1 point of
            error with labels, 5 % of the answers without.

    Raises:
        ValueError: unknown format; the folder holds something else; a number of errors or
            temperatures other than that of exits, or a temperature that is not above 0; an input or
            a layer that the format cannot have.
        ImportError: a package that the format needs is missing.
        RuntimeError: an exported file answers otherwise than the model, its exits do not come in
            order, or an exit loses more than `quantize_bound`.

    Example:
        >>> model = models.build("resann-n1-c4", num_classes=10)
        >>> export(model, tmp_path / "resann")
        >>> sorted(p.name for p in (tmp_path / "resann").glob("*.*"))
        ['fingerprint.pb', 'manifest.json', 'saved_model.pb']
    """
    formats = _check_formats(format)
    if not hasattr(model, "segments"):
        raise ValueError(
            "export takes an anytime network; models.attach_exits makes one of a Keras model. "
            f"Received: {type(model).__name__} {getattr(model, 'name', '')!r}"
        )
    path = pathlib.Path(path)
    if path.exists() and not _is_export_or_empty(path):
        raise ValueError(
            f"path must be new, empty or an earlier export. Received: path={str(path)!r}"
        )
    for name, numbers in (("errors", errors), ("temperatures", temperatures)):
        if numbers is not None and len(numbers) != len(model.heads):
            raise ValueError(
                f"{name} needs one number for each of the {len(model.heads)} exits. "
                f"Received: {len(numbers)} numbers"
            )
    if temperatures is not None and not all(0 < t < np.inf for t in temperatures):
        raise ValueError(
            f"temperatures must be above 0. Received: temperatures={list(temperatures)}"
        )
    if preprocessing is not None:
        if not isinstance(preprocessing, keras.layers.Layer):
            raise ValueError(
                "preprocessing must be a Keras layer or model, such as "
                f"keras.layers.Rescaling(1 / 255). Received: preprocessing={preprocessing!r}"
            )
        preprocessing(np.zeros((1, *model.sample_shape), "float32"))  # makes its variables
    chain = links(model, preprocessing, temperatures)
    images = probe(chain, example)
    expected = _finite(answers(chain, images))
    ranges, labels = _calibration(quantize, calibration, formats, chain)
    with atomic_folder(path) as folder:
        for name in formats:
            _write(name, chain, model.exit_names, folder, ranges)
        facts = {
            "preprocessing": preprocessing,
            "errors": errors,
            "temperatures": temperatures,
            "largest": largest,
        }
        unmeasured: dict | None = None if ranges is None else {}
        write_manifest(folder, model, chain, formats, quantization=unmeasured, **facts)
        if ranges is None:
            for name in formats:
                _verify(name, images, expected, folder)
            return
        unrounded = answers(chain, ranges)
        bound = quantize_bound if quantize_bound is not None else 5.0 if labels is None else 1.0
        engines = [engine for name in formats for engine in runtime.engines_of_format(name)]
        rounded = {
            engine: compare(folder, engine, ranges, labels, unrounded, bound) for engine in engines
        }
        write_manifest(folder, model, chain, formats, quantization=rounded, **facts)


def _calibration(quantize, calibration, formats, chain):
    """Images and labels for int8, checked; None for float32."""
    if quantize is None:
        if calibration is not None:
            raise ValueError("calibration is for quantize='int8'. Received: quantize=None")
        return None, None
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
    pair = isinstance(calibration, tuple) and len(calibration) == 2
    images, labels = calibration if pair else (calibration, None)
    images = as_inputs("calibration", images, chain[0].inputs[0])
    if labels is not None and np.shape(labels) != (len(images),):
        raise ValueError(
            f"calibration needs a class index for each of its {len(images)} images. "
            f"Received: labels of shape {np.shape(labels)}"
        )
    return images, None if labels is None else np.asarray(labels)


def _check_formats(format):
    formats = (format,) if isinstance(format, str) else tuple(format)
    if not formats or not set(formats) <= set(FORMATS):
        raise ValueError(f"format must be one or several of {FORMATS}. Received: format={format!r}")
    for name in formats:
        for package in _PACKAGES[name]:
            require(package, name)
    return formats


def _is_export_or_empty(path):
    return path.is_dir() and (not any(path.iterdir()) or (path / files.MANIFEST).exists())


def _write(name, chain, exit_names, folder, ranges):
    if name == "saved_model":
        from ann.export.saved_model import write_saved_model

        write_saved_model(chain, exit_names, folder)
    elif name == "onnx":
        from ann.export.onnx_files import onnx_models, write_onnx

        models = onnx_models(chain, _with_progress)
        if ranges is not None:
            models = int8_models(models, ranges)
        write_onnx(models, exit_names, folder)
    else:
        from ann.export.litert import write_litert

        write_litert(chain, exit_names, folder, ranges)


def _with_progress(chain):
    return tqdm(chain, "ONNX", leave=False)


def _finite(expected):
    if not all(np.isfinite(logits).all() for logits in expected):
        raise ValueError(
            "the model's answers to random inputs are not finite, so nothing can be compared with "
            "them: give export(..., example=) an input"
        )
    return expected


def _verify(name, images, expected, folder):
    """Runs the files as a user would and compares every exit with the model."""
    engine = runtime.ENGINE_OF_FORMAT[name]
    with runtime.AnytimePredictor(folder, engine=engine, threads=_threads(engine)) as predictor:
        if name == "onnx" and not predictor.in_one_call:
            raise RuntimeError(f"{engine} does not compute the exits of the export in order")
        for answer, logits in zip(predictor.refine(images), expected, strict=True):
            difference = np.max(np.abs(answer.logits - logits))
            if not difference <= 1e-3 * max(1.0, np.max(np.abs(logits))):
                raise RuntimeError(
                    f"the {name} export answers otherwise than the model at exit {answer.exit}, "
                    f"by {difference:.2g}"
                )


def _threads(engine):
    return None if engine == "tensorflow" else 1
