"""Inputs on which an export is compared with its model."""

import keras
import numpy as np


def probe(links, example=None) -> np.ndarray:
    """A batch of one input that the network takes, in the dtype of the export.

    Args:
        links: of the network.
        example: an input, or a batch of them, to use; default random numbers: pixels 0..255 for
            uint8, 0..1 for floats, and for integers tokens of the embedding that reads them.

    Raises:
        ValueError: an example of another shape or dtype; a network of integers without an
            embedding in its first segment, and no example.
    """
    spec = links[0].inputs[0]
    shape, dtype = tuple(spec.shape[1:]), spec.dtype.as_numpy_dtype
    if example is not None:
        return as_inputs("example", example, spec)[:1]
    random = np.random.default_rng(0)
    if dtype == np.float32:
        return random.random((1, *shape), np.float32)
    if dtype == np.uint8:
        return random.integers(0, 256, (1, *shape)).astype(dtype)
    return random.integers(0, _vocabulary(links[0].segment), (1, *shape)).astype(dtype)


def as_inputs(name, given, spec) -> np.ndarray:
    """What a user gave as inputs of the network, as a batch in the dtype of the export.

    Args:
        name: of the argument, for the error.
        given: an input or a batch of them.
        spec: of the input of the export.

    Raises:
        ValueError: another shape or dtype, or none at all.
    """
    shape, dtype = tuple(spec.shape[1:]), np.dtype(spec.dtype.as_numpy_dtype)
    try:
        array = np.asarray(given)
    except ValueError:  # a list of unlike arrays, such as batches with their labels
        array = np.empty(0, object)
    batch = array[np.newaxis] if array.shape == shape else array
    kinds = "f" if dtype.kind == "f" else "iu"
    if batch.shape[1:] != shape or not len(batch) or batch.dtype.kind not in kinds:
        raise ValueError(
            f"{name} must be {dtype} of shape {shape}, or an array of such. "
            f"Received: {type(given).__name__} of {array.dtype} and shape {array.shape}"
        )
    return batch.astype(dtype)


def _vocabulary(segment) -> int:
    sizes = [x.input_dim for x in _layers(segment) if isinstance(x, keras.layers.Embedding)]
    if not sizes:
        raise ValueError(
            "which integers the network takes is not known: no embedding is in its first segment. "
            "Give export(..., example=) an input. Received: example=None"
        )
    return min(sizes)


def _layers(link):
    """A link and the layers inside it and inside those, each once."""
    found, waiting = {}, [link]
    while waiting:
        layer = waiting.pop()
        if isinstance(layer, keras.layers.Layer) and id(layer) not in found:
            found[id(layer)] = layer
            waiting += [*getattr(layer, "layers", ()), *vars(layer).values()]
    return found.values()
