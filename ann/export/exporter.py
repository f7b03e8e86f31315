"""`export`: a chain becomes files that others can run."""

import functools
import warnings

import numpy as np
from tqdm import tqdm

from ann import runtime
from ann.export import arguments
from ann.export.description import write_manifest
from ann.export.folder import atomic_folder
from ann.export.links import answers, links
from ann.export.probe import probe
from ann.export.quantize import compare, int8_links
from ann.runtime.engines import engine_class


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
    input_shape=None,
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
        example: an input, or a batch of them, on which the export is compared with the model (of
            several inputs a list, or a dictionary by name); default random numbers, or the
            calibration images.
        quantize: "int8" to round kernels and activations of an ONNX or LiteRT export; default none.
        calibration: for "int8": a batch of images from which the ranges are taken, in the dtype
            of the export, or a pair of images and class indices. The manifest says what rounding
            did to every exit on them, by engine: the share of answers that stayed the same and,
            with labels, the errors before and after.
        quantize_bound: most that any exit may lose by rounding, in percent; default 1 point of
            error with labels, 5 % of the answers without.
        input_shape: shape of one input without the batch, or a structure of them as
            `model.sample_shape`, where the model leaves sizes open (`None`).

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
    formats = arguments.check_formats(format)
    arguments.check_model(model)
    path = arguments.check_folder(path)
    arguments.check_numbers(len(model.heads), errors, temperatures)
    arguments.check_quantize(quantize, calibration, quantize_bound, example, formats)
    arguments.check_preprocessing(preprocessing, input_shape or model.sample_shape)
    chain = links(model, preprocessing, temperatures, input_shape)
    arguments.check_one_answer(quantize, chain)
    images, labels = arguments.images_and_labels(calibration, chain[0].inputs[0])
    given = probe(chain, example) if images is None else [images]
    expected = _finite(answers(chain, given))
    with atomic_folder(path) as folder:
        for name in formats:
            _write(name, chain, model.exit_names, folder, images)
        write = functools.partial(
            write_manifest,
            folder,
            model,
            chain,
            formats,
            preprocessing=preprocessing,
            errors=errors,
            temperatures=temperatures,
            largest=largest,
            input_shape=input_shape,
        )
        if images is None:
            write(quantization=None)
            for name in formats:
                _verify(name, given, expected, folder)
                _warn_of_engines(path, folder, runtime.engines_of_format(name))
        else:
            write(quantization={})
            write(quantization=_rounding(formats, folder, images, labels, expected, quantize_bound))


def _write(name, chain, exit_names, folder, calibration):
    """Writes one format, in int8 with calibration images."""
    if name == "saved_model":
        from ann.export.saved_model import write_saved_model

        write_saved_model(chain, exit_names, folder)
    elif name == "onnx":
        from ann.export.onnx_files import onnx_links, write_onnx

        models = onnx_links(chain, _with_progress)
        if calibration is not None:
            models = int8_links(models, calibration)
        write_onnx(models, exit_names, folder)
    else:
        from ann.export.litert import write_litert

        write_litert(chain, exit_names, folder, calibration)


def _with_progress(chain):
    return tqdm(chain, "ONNX", leave=False)


def _finite(expected):
    if not all(np.isfinite(logits).all() for logits in expected):
        raise ValueError(
            "the model's answers are not finite, so nothing can be compared with them: give "
            "export(..., example=) an input"
        )
    return expected


def _verify(name, inputs, expected, folder):
    """Runs the files as a user would and compares every exit with the model."""
    images = inputs if len(inputs) > 1 else inputs[0]
    engine = runtime.ENGINE_OF_FORMAT[name]
    with runtime.AnytimePredictor(folder, engine=engine, threads=_threads(engine)) as predictor:
        if name == "onnx" and not predictor.in_one_call:
            raise RuntimeError(f"{engine} does not compute the exits of the export in order")
        for answer in [*predictor.refine(images), predictor.predict(images, lazy_heads=True)]:
            logits = expected[answer.exit]
            difference = np.max(np.abs(answer.logits - logits))
            if not difference <= 1e-3 * max(1.0, np.max(np.abs(logits))):
                raise RuntimeError(
                    f"the {name} export answers otherwise than the model at exit {answer.exit}, "
                    f"by {difference:.2g}"
                )


def _warn_of_engines(path, folder, engines):
    """Says which engines cannot read what `folder` holds before it becomes `path`."""
    for engine in engines:
        try:
            engine_class(engine).check_readable(folder)
        except runtime.ExportError as error:
            warnings.warn(str(error).replace(str(folder), str(path)), stacklevel=3)


def _rounding(formats, folder, images, labels, expected, bound) -> dict:
    """What int8 does to every exit, by engine."""
    if bound is None:
        bound = 5.0 if labels is None else 1.0
    engines = [engine for name in formats for engine in runtime.engines_of_format(name)]
    return {engine: compare(folder, engine, images, labels, expected, bound) for engine in engines}


def _threads(engine):
    return None if engine == "tensorflow" else 1
