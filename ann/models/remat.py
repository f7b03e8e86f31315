"""Segments that keep their input instead of all that their gradient needs."""

import keras


def rematerialized(link):
    """A call of a link of the chain in training, whose gradient computes the link a second time.

    Between forward and backward pass only the input of the link is in memory, in place of the maps
    of all its layers (Chen et al. 2016, arXiv 1604.06174). The numbers are those of the plain call.

    Args:
        link: Keras layer or model without random numbers, state in, state out.

    Returns:
        Function from a state, any structure of tensors, to the link's output.
    """

    def call(state):
        trained, fixed = link.trainable_variables, link.non_trainable_variables
        parts = [
            [keras.ops.convert_to_tensor(variable) for variable in trained],
            [keras.ops.convert_to_tensor(variable) for variable in fixed],
            state,
        ]
        shapes = {}

        def pure(*flat):
            values = keras.tree.pack_sequence_as(parts, flat)
            outputs, changed = link.stateless_call(*values, training=True)
            shapes["outputs"] = (outputs, changed)
            return keras.tree.flatten((outputs, changed))

        flat = keras.remat(pure)(*keras.tree.flatten(parts))
        outputs, changed = keras.tree.pack_sequence_as(shapes["outputs"], flat)
        for variable, value in zip(fixed, changed, strict=True):
            variable.assign(value)
        return outputs

    return call
