"""Gradients that are scaled on their way back."""

import keras
from keras import ops


def scale_gradient(state, factor: float):
    """The same tensors, whose gradients are multiplied by `factor`.

    Args:
        state: structure of tensors; those that are not floating point stay as they are.
        factor: of the gradients.

    Returns:
        A structure of tensors with the values of `state`, to the last bit where they are finite.
    """
    return keras.tree.map_structure(lambda tensor: _scaled(tensor, factor), state)


def _scaled(tensor, factor):
    if factor == 1 or "float" not in keras.backend.standardize_dtype(tensor.dtype):
        return tensor
    # The difference is exactly 0, and has a gradient.
    return tensor + (factor - 1) * (tensor - ops.stop_gradient(tensor))
