"""Layers that are themselves small networks: blocks, and layers that contain a row of them."""

import keras
import numpy as np

_FREE_SIZE = 16  # where a size depends on the input


def kernels(layer) -> list:
    """Weights of a layer that multiply its input: not those of an embedding, not biases."""
    if "Embedding" in type(layer).__name__:
        return []
    return [weight for weight in getattr(layer, "weights", []) if len(weight.shape) > 1]


def is_block(layer) -> bool:
    """Whether a layer of a library's or a user's own computes several layers' worth, as a
    transformer layer does."""
    return isinstance(layer, keras.Layer) and _is_own(layer) and len(kernels(layer)) > 1


def _is_own(layer) -> bool:
    return not type(layer).__module__.startswith(("keras.src.layers", "keras.src.ops"))


def opened(layer, args, kwargs):
    """A layer with a row of blocks as a functional model, so that it can be cut between them.

    Args:
        layer: the layer; the blocks become layers of both.
        args, kwargs: what it is called with, Keras tensors among it.

    Returns:
        Functional model of those Keras tensors that computes what the layer does, as seen on random
        numbers; None where the layer holds no row of blocks, or does not work that way.
    """
    if not (isinstance(layer, keras.Layer) and _is_own(layer) and _has_row_of_blocks(layer)):
        return None
    tensors = [x for x in keras.tree.flatten((args, kwargs)) if isinstance(x, keras.KerasTensor)]
    inputs = [keras.Input(batch_shape=x.shape, dtype=x.dtype) for x in tensors]
    inside = iter(inputs)
    args, kwargs = keras.tree.map_structure(
        lambda x: next(inside) if isinstance(x, keras.KerasTensor) else x, (args, kwargs)
    )
    try:
        model = keras.Model(inputs, layer.call(*args, **kwargs))
        return model if _does_the_same(model, layer, args, kwargs) else None
    except Exception:  # what a layer's own code raises when it meets Keras tensors: anything
        return None


def _has_row_of_blocks(layer) -> bool:
    rows = (value for value in vars(layer).values() if isinstance(value, (list, tuple)))
    return any(sum(is_block(member) for member in row) > 1 for row in rows)


def _does_the_same(model, layer, args, kwargs) -> bool:
    if {id(w) for w in model.weights} != {id(w) for w in layer.weights}:
        return False
    random = np.random.default_rng(0)
    values = {x: _sample(x, random) for x in model.inputs}
    args, kwargs = keras.tree.map_structure(
        lambda x: values[x] if isinstance(x, keras.KerasTensor) else x, (args, kwargs)
    )
    pairs = zip(
        keras.tree.flatten(layer(*args, **kwargs)),
        keras.tree.flatten(model(list(values.values()))),
        strict=True,
    )
    return all(
        np.allclose(
            keras.ops.convert_to_numpy(one), keras.ops.convert_to_numpy(other), rtol=1e-4, atol=1e-4
        )
        for one, other in pairs
    )


def _sample(tensor, random):
    shape = (2, *(size or _FREE_SIZE for size in tensor.shape[1:]))
    if keras.backend.is_float_dtype(tensor.dtype):
        return keras.ops.cast(random.normal(size=shape), tensor.dtype)
    return keras.ops.ones(shape, tensor.dtype)
