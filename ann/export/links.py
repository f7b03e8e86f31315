"""The links of a chain as functions between flat lists of tensors: what every format writes."""

import keras
import numpy as np
import tensorflow as tf

from ann.export.float32 import in_float32
from ann.export.inputs import input_names, input_specs, input_tensors


class Link:
    """One segment and its head, in float32.

    Args:
        segment, head: models or layers of the chain.
        state: structure of Keras tensors that the segment reads.
        temperature: the logits are divided by it.

    Attributes:
        inputs: tensor specs of what `advance` takes, in order: batches of any size.
        outputs: the same of what it gives.
        head_inputs: the same of what `answer` takes: `outputs` under other names.
        preprocessing: layer from images to the input of the segment, or None.
        logits_shape: of the answer, without the batch.
        names: of the network's inputs, of the first link.
    """

    names: list[str]

    def __init__(self, segment, head, state, temperature=1.0):
        self.segment, self.head, self.preprocessing = in_float32(segment), in_float32(head), None
        self.temperature = temperature
        self._state, self.next_state = state, self.segment.compute_output_spec(state)
        self.inputs, self.outputs = _specs(state, "state"), _specs(self.next_state, "next")
        self.head_inputs = _specs(self.next_state, "state")
        self.logits_shape = tuple(self.head.compute_output_spec(self.next_state).shape[1:])

    @property
    def variables(self):
        """Every Keras variable that the link reads."""
        parts = (self.preprocessing, self.segment, self.head)
        return [variable for part in parts if part is not None for variable in part.variables]

    def advance(self, *tensors):
        """The next state from this one, both flat."""
        state = keras.tree.pack_sequence_as(self._state, tensors)
        if self.preprocessing is not None:
            state = self.preprocessing(tf.cast(state, "float32"))
        return keras.tree.flatten(self.segment(state, training=False))

    def answer(self, *tensors):
        """Float32 logits, over the temperature, from the state after the segment, flat."""
        state = keras.tree.pack_sequence_as(self.next_state, tensors)
        logits = tf.cast(self.head(state, training=False), "float32")
        return logits if self.temperature == 1.0 else logits * np.float32(1 / self.temperature)


def links(model, preprocessing=None, temperatures=None, input_shape=None) -> list[Link]:
    """The links of `model`, shallow to deep.

    The first takes inputs of the model's own shapes and dtypes, or uint8 images where there is a
    preprocessing.

    Raises:
        ValueError: the model has an input of open sizes, or one of a dtype that exports do not
            have; or a preprocessing for a model that does not take one input of floats.
    """
    inputs = input_tensors(model, input_shape)
    kinds = [x.dtype for x in keras.tree.flatten(inputs)]
    if preprocessing is not None and kinds != ["float32"]:
        raise ValueError(
            "preprocessing gives float32, for a network that takes one input of float32; this one "
            f"takes {', '.join(kinds)} as it is. Received: preprocessing={preprocessing.name!r}"
        )
    temperatures = [1.0] * len(model.heads) if temperatures is None else temperatures
    state, made = inputs, []
    for segment, head, temperature in zip(model.segments, model.heads, temperatures, strict=True):
        made.append(Link(segment, head, state, float(temperature)))
        state = made[-1].next_state
        if None in made[-1].logits_shape:
            raise ValueError(
                "an export has answers of fixed sizes: give export(..., input_shape=). "
                f"Received: logits of shape {made[-1].logits_shape} for a sample"
            )
    made[0].preprocessing = in_float32(preprocessing)
    made[0].inputs = input_specs(inputs, "uint8" if preprocessing else None)
    made[0].names = input_names(inputs)
    return made


def answers(links, inputs) -> list[np.ndarray]:
    """The logits of each exit, `(batch, ..., num_classes)`, computed link by link with Keras.

    Args:
        links: the links.
        inputs: list of a batch of each input.
    """
    state, logits = [tf.convert_to_tensor(x) for x in inputs], []
    for link in links:
        state = link.advance(*state)
        logits.append(link.answer(*state).numpy())
    return logits


def named_state(advance, outputs):
    """A function over a segment: flat state in; the next state as `next_0`, `next_1`, ... out.

    Args:
        advance: that of the link, or a function made of it.
        outputs: `Link.outputs`.
    """
    return lambda *state: {s.name: x for s, x in zip(outputs, advance(*state), strict=True)}


def named_logits(answer):
    """A function over a head: flat state in, `logits` out.

    Args:
        answer: that of the link, or a function made of it.
    """
    return lambda *state: {"logits": answer(*state)}


def all_exits(advance, answer, exit_names):
    """A function over the chain: inputs in, the logits of each exit by name out.

    Args:
        advance, answer: lists of those of `segment`.
        exit_names: name of each exit.
    """

    def logits(*inputs):
        state, answers = inputs, {}
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
