"""Inputs on which an export is compared with its model."""

import keras
import numpy as np


def probe(links, example=None) -> list[np.ndarray]:
    """A batch of one of each input that the network takes, in the dtypes of the export.

    Args:
        links: of the network.
        example: an input, or a batch of them, to use (of several inputs a list, or a dictionary by
            name); default random numbers: pixels 0..255 for uint8, 0..1 for floats, and for
            integers tokens of the embedding that reads them, or 0 and 1 where there are several
            inputs of integers.

    Raises:
        ValueError: an example of another shape or dtype; a network of integers without an
            embedding in its first segment, and no example.
    """
    specs = links[0].inputs
    if example is not None:
        given = _by_input("example", example, links[0].names)
        return [as_inputs(name, *pair)[:1] for name, *pair in zip(*given, specs, strict=True)]
    random = np.random.default_rng(0)
    of_integers = [spec for spec in specs if spec.dtype.is_integer and spec.dtype.size > 1]
    below = lambda: 2 if len(of_integers) > 1 else _vocabulary(links[0].segment)
    return [_random(random, spec, below) for spec in specs]


def _random(random, spec, below):
    """A batch of one like an input; `below` gives the number that tokens are below."""
    shape, dtype = (1, *spec.shape[1:]), spec.dtype.as_numpy_dtype
    if dtype == np.float32:
        return random.random(shape, np.float32)
    return random.integers(0, 256 if dtype == np.uint8 else below(), shape).astype(dtype)


def _by_input(what, given, names):
    """Names for the errors, and what was given for each input, in order."""
    if len(names) == 1 and not isinstance(given, dict):
        return [what], [given]
    parts = given.values() if isinstance(given, dict) else given
    if len(parts) != len(names) or (isinstance(given, dict) and set(given) != set(names)):
        raise ValueError(
            f"{what} must have each of the inputs {names}, in a list or a dictionary. "
            f"Received: {list(given) if isinstance(given, dict) else f'{len(parts)} of them'}"
        )
    ordered = [given[name] for name in names] if isinstance(given, dict) else list(given)
    return [f"{what}[{name!r}]" for name in names], ordered


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
