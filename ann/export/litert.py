"""LiteRT: one file with a signature per exit and per segment over shared weights."""

import tempfile

import tensorflow as tf

from ann.export.saved_model import write_saved_model

MODEL = "model.tflite"


def write_litert(links, exit_names, variables, path) -> None:
    """Writes `model.tflite` with the signatures of the SavedModel, for batches of one image.

    Args:
        links: of `ann.export.links`, in float32.
        exit_names: name of each exit.
        variables: every Keras variable that the links read.
        path: folder to write to.
    """
    with tempfile.TemporaryDirectory() as folder:
        write_saved_model(links, exit_names, variables, folder, batch_size=1)
        segments = [f"segment_{index:02d}" for index in range(len(links))]
        converter = tf.lite.TFLiteConverter.from_saved_model(
            folder, signature_keys=[*exit_names, *segments]
        )
        (path / MODEL).write_bytes(converter.convert())
