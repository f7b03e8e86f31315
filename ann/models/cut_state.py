"""The state at a cut of a Keras graph: the tensors that cross it, and the masks that Keras passes
along hidden in them."""

import keras

from ann.keras_private import mask_of
from ann.layers import WithMask

_FREE_SIZE = 16  # where a size depends on the input


def read_state(tensors, crossing, *, masks_at_work=None):
    """Inputs of a link.

    Args:
        tensors: Keras tensors of the state, as `with_masks` gives them.
        crossing: the tensors of the graph that those without the masks at their end stand for.
        masks_at_work: for each of these whether its mask shows when the model runs
            (`masks_at_work`); default: all.

    Returns:
        The inputs, one for each of `tensors`, and a dictionary from the graph's tensors to what
        takes their place in the link.
    """
    inputs = [
        keras.Input(batch_shape=x.shape, dtype=x.dtype, name=f"state_{index}")
        for index, x in enumerate(tensors)
    ]
    read = dict(zip(tensors, inputs, strict=True))
    values = {}
    for index, original in enumerate(crossing):
        tensor = tensors[index]
        values[original] = read[tensor]
        if mask_of(tensor) is not None:
            at_work = masks_at_work is None or masks_at_work[index]
            values[original] = WithMask(at_work=at_work)([read[tensor], read[mask_of(tensor)]])
    return inputs, values


def with_masks(tensors) -> list[keras.KerasTensor]:
    """The tensors, and after them the masks they carry."""
    masks = (mask_of(tensor) for tensor in tensors)
    return list(dict.fromkeys([*tensors, *(mask for mask in masks if mask is not None)]))


def without_masks(tensors) -> list[keras.KerasTensor]:
    """The tensors without their masks, of which a model given them would warn."""
    return [x if mask_of(x) is None else keras.ops.copy(x) for x in tensors]


def masks_at_work(segments, inputs, tensors) -> list[bool]:
    """Which of the tensors carry a mask when the model runs, as opposed to while it is built.

    The two differ: attention takes the mask off what it reads, but only when it runs.

    Args:
        segments: the links before, from the network's input on.
        inputs, tensors: of the link in question.
    """
    first = segments[0] if segments else keras.Model(inputs, tensors)
    state = keras.tree.map_structure(_zeros, first.input)
    for segment in segments:
        state = segment(state)
    values = keras.tree.flatten(keras.Model(inputs, tensors)(state))
    probes = [_MaskProbe() for _ in values]
    for probe, value in zip(probes, values, strict=True):
        probe(value)
    return [probe.saw_mask for probe in probes]


def _zeros(tensor):
    shape = [1, *(size or _FREE_SIZE for size in tensor.shape[1:])]
    return keras.ops.zeros(shape, dtype=tensor.dtype)


class _MaskProbe(keras.layers.Layer):
    """Records whether what it is called on has a mask."""

    def call(self, inputs):
        return keras.ops.copy(inputs)

    def compute_mask(self, inputs, previous_mask=None):
        self.saw_mask = previous_mask is not None
