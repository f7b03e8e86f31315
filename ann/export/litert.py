"""LiteRT: one file with a signature per exit and per segment over shared weights."""

import tempfile
import warnings

import tensorflow as tf

from ann.export.saved_model import write_saved_model
from ann.runtime import files


def write_litert(links, exit_names, path, calibration=None) -> None:
    """Writes `model.tflite` with the signatures of the SavedModel, for batches of one image.

    Args:
        links: of `ann.export.links`.
        exit_names: name of each exit.
        path: folder to write to.
        calibration: inputs from which the ranges of int8 are taken, or None for float32.

    Raises:
        ValueError: a layer computes what LiteRT cannot say.
    """
    with tempfile.TemporaryDirectory() as folder:
        write_saved_model(links, exit_names, folder, batch_size=1)
        converter = tf.lite.TFLiteConverter.from_saved_model(
            folder, signature_keys=[*exit_names, *files.of_links(len(links))]
        )
        if calibration is not None:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: _examples(links, exit_names, calibration)
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings(
                    "ignore", r"\s*Warning: tf\.lite\.Interpreter is deprecated"
                )
                (path / files.LITERT).write_bytes(converter.convert())
        except Exception as error:
            raise ValueError(
                "a layer computes what LiteRT cannot say; 'saved_model' can hold it. "
                f"Received: {error}"
            ) from error


def _examples(links, exit_names, images):
    """What each signature reads, one image at a time."""
    for image in images:
        state = [tf.convert_to_tensor(image[None])]
        for name in exit_names:
            yield name, {"image": state[0]}
        for index, link in enumerate(links):
            before = dict(zip((spec.name for spec in link.inputs), state, strict=True))
            yield files.segment(index), before
            yield files.advance(index), before
            state = link.advance(*state)
            names = [spec.name for spec in link.head_inputs]
            yield files.head(index), dict(zip(names, state, strict=True))
