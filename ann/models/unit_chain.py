"""From a list of units to a chain: what the families share."""

import keras

from ann.models.multi_exit import MultiExitModel


def chain_of_units(units, exits_at, head, input_shape, *, name=None) -> MultiExitModel:
    """Cuts a network given as units into segments, and puts a head after each.

    Args:
        units: functions from a state of Keras tensors to the next state, in order; the first one
            takes the images.
        exits_at: 0-based indices of the units with an exit after them, increasing; the last is
            that of the last unit.
        head: function from a state and a name to a model from such a state to logits.
        input_shape: of one image, `(height, width, channels)`.
        name: of the model.

    Returns:
        The anytime network.
    """
    segments, heads = [], []
    state, first = keras.Input(input_shape, dtype="float32", name="image"), 0
    for index, last in enumerate(exits_at):
        inputs = x = state
        for unit in units[first : last + 1]:
            x = unit(x)
        segments.append(keras.Model(inputs, x, name=f"segment_{index:02d}"))
        heads.append(head(x, f"head_{index:02d}"))
        state, first = (
            keras.tree.map_structure(
                lambda tensor: keras.Input(tensor.shape[1:], dtype=tensor.dtype), x
            ),
            last + 1,
        )
    return MultiExitModel(segments, heads, input_shape, name=name)
