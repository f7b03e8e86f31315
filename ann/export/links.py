"""The links of a chain as functions between flat lists of tensors: what every format writes."""

import keras
import tensorflow as tf


class Link:
    """One segment and its head.

    Args:
        segment, head: models or layers of the chain.
        state: structure of Keras tensors that the segment reads.

    Attributes:
        inputs: tensor specs of what `advance` takes, in order: batches of any size.
        outputs: the same of what it gives.
        preprocessing: layer from images to the input of the segment, or None.
    """

    def __init__(self, segment, head, state):
        self.segment, self.head, self.preprocessing = segment, head, None
        self._state, self.next_state = state, segment.compute_output_spec(state)
        self.inputs, self.outputs = _specs(state, "state"), _specs(self.next_state, "next")

    def advance(self, *tensors):
        """The next state from this one, both flat."""
        state = keras.tree.pack_sequence_as(self._state, tensors)
        if self.preprocessing is not None:
            state = self.preprocessing(tf.cast(state, "float32"))
        return keras.tree.flatten(self.segment(state, training=False))

    def answer(self, *tensors):
        """Float32 logits from the state behind the segment, flat."""
        return tf.cast(
            self.head(keras.tree.pack_sequence_as(self.next_state, tensors), training=False),
            "float32",
        )


def links(model, preprocessing=None) -> list[Link]:
    """The links of `model`, shallow to deep. The first takes float32 images, or uint8 images where there is a preprocessing."""
    state, made = keras.KerasTensor((None, *model.sample_shape), "float32"), []
    for segment, head in zip(model.segments, model.heads, strict=True):
        made.append(Link(segment, head, state))
        state = made[-1].next_state
    made[0].preprocessing = preprocessing
    made[0].inputs = [
        tf.TensorSpec(
            (None, *model.sample_shape), "uint8" if preprocessing else "float32", name="image"
        )
    ]
    return made


def segment(advance, answer, outputs):
    """A function over one link: flat state in; the next state as `next_0`, `next_1`, ..., and
    `logits` out.

    Args:
        advance, answer: those of the link, or functions made of them.
        outputs: `Link.outputs`.
    """

    def step(*state):
        state = advance(*state)
        return {
            **{spec.name: x for spec, x in zip(outputs, state, strict=True)},
            "logits": answer(*state),
        }

    return step


def all_exits(advance, answer, exit_names):
    """A function over the chain: images in, the logits of each exit by name out. Arguments: lists of those of `segment`."""

    def logits(image):
        state, answers = [image], {}
        for name, next_state, head in zip(exit_names, advance, answer, strict=True):
            state = next_state(*state)
            answers[name] = head(*state)
        return answers

    return logits


def _specs(state, name):
    tensors = enumerate(keras.tree.flatten(state))
    return [
        tf.TensorSpec((None, *x.shape[1:]), x.dtype, name=f"{name}_{index}") for index, x in tensors
    ]
