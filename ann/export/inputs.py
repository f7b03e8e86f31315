"""What a network takes: its inputs in the order in which every format and engine has them."""

import keras
import tensorflow as tf

from ann.runtime.manifest import DTYPES

ALONE = "image"  # the name of an input that is the only one


def input_tensors(model, input_shape=None):
    """Keras tensors like the inputs of a network, of fixed sizes, in a structure as it takes them.

    Args:
        model: the anytime network.
        input_shape: shape of one input, or a structure of them, where the model leaves sizes open.

    Raises:
        ValueError: open sizes, inputs inside one another, or a dtype that exports do not have.
    """
    shapes = _shapes(model.sample_shape if input_shape is None else input_shape)
    if any(None in shape for shape in shapes):
        raise ValueError(
            "an export has inputs of fixed sizes: give export(..., input_shape=). "
            f"Received: sample_shape={model.sample_shape}"
        )
    first = model.segments[0]
    own = keras.tree.flatten(getattr(first, "inputs", None))
    if len(shapes) == 1 and not isinstance(model.sample_shape, dict):
        return _tensor(shapes[0], own[0] if own else None)
    like = first.input
    if len(own) != len(shapes) or any(keras.tree.is_nested(one) for one in _parts(like)):
        raise ValueError(
            "an export takes one input, or several in a list or a dictionary. "
            f"Received: input_shape={input_shape}, sample_shape={model.sample_shape}"
        )
    tensors = [_tensor(*pair) for pair in zip(shapes, keras.tree.flatten(like), strict=True)]
    return keras.tree.pack_sequence_as(like, tensors)


def input_names(tensors) -> list[str]:
    """Names of the inputs for whoever gives them, in order: those of the dictionary, or of the
    model's inputs."""
    if isinstance(tensors, dict):
        return keras.tree.flatten({name: name for name in tensors})
    return [tensor.name for tensor in keras.tree.flatten(tensors)]


def input_specs(tensors, dtype=None) -> list[tf.TensorSpec]:
    """The inputs of the first link: `image` where there is one, else `input_0`, `input_1`, ...

    Args:
        tensors: of `input_tensors`.
        dtype: in place of the dtypes of the tensors.
    """
    flat = keras.tree.flatten(tensors)
    names = [ALONE] if len(flat) == 1 else [f"input_{index}" for index in range(len(flat))]
    return [
        tf.TensorSpec(x.shape, dtype or x.dtype, name=name)
        for x, name in zip(flat, names, strict=True)
    ]


def _shapes(structure) -> list[tuple]:
    shapes = []
    keras.tree.map_shape_structure(lambda shape: shapes.append(tuple(shape)), structure)
    return shapes


def _parts(structure):
    return structure.values() if isinstance(structure, dict) else structure


def _tensor(shape, like):
    """A Keras tensor of batches of a shape; floats are float32."""
    dtype = "float32" if like is None or like.dtype in ("float16", "bfloat16") else like.dtype
    if dtype not in DTYPES:
        raise ValueError(f"inputs must be one of {DTYPES}. Received: an input of dtype {dtype}")
    return keras.KerasTensor((None, *shape), dtype, name=getattr(like, "name", ALONE))
