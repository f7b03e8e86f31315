"""What a chain takes."""

import keras


def sample_inputs(model):
    """Keras inputs like those of a `MultiExitModel`: a structure as its `sample_shape`.

    Types and names are those of the first segment where it is functional, else float32.
    """
    flat = []
    keras.tree.map_shape_structure(lambda shape: flat.append(tuple(shape)), model.sample_shape)
    first = model.segments[0]
    if not isinstance(first, keras.Function) or len(first.inputs) != len(flat):
        return keras.Input(model.sample_shape)
    like = first.input if isinstance(model.sample_shape, dict) or len(flat) > 1 else first.inputs[0]
    tensors = [
        keras.Input(shape, dtype=x.dtype, name=x.name)
        for x, shape in zip(keras.tree.flatten(like), flat, strict=True)
    ]
    return keras.tree.pack_sequence_as(like, tensors)
