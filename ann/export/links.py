"""The links of a chain as functions between flat lists of tensors: what every format writes."""

import keras
import numpy as np
import tensorflow as tf

from ann.export.float32 import in_float32
from ann.runtime.manifest import DTYPES


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
    """

    def __init__(self, segment, head, state, temperature=1.0):
        self.segment, self.head, self.preprocessing = in_float32(segment), in_float32(head), None
        self.temperature = temperature
        self._state, self.next_state = state, self.segment.compute_output_spec(state)
        self.inputs, self.outputs = _specs(state, "state"), _specs(self.next_state, "next")
        self.head_inputs = _specs(self.next_state, "state")

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


def links(model, preprocessing=None, temperatures=None) -> list[Link]:
    """The links of `model`, shallow to deep.

    The first takes inputs of the model's own shape and dtype, or uint8 images where there is a
    preprocessing.

    Raises:
        ValueError: the model has several inputs, one of open sizes, or one of a dtype that exports
            do not have; its exits answer for each position; or a preprocessing for a model that
            does not take floats.
    """
    dtype = _input_dtype(model.segments[0])
    if None in model.sample_shape:
        raise ValueError(
            f"an export has inputs of fixed sizes. Received: sample_shape={model.sample_shape}"
        )
    if preprocessing is not None and dtype != "float32":
        raise ValueError(
            "preprocessing gives float32, for a network that takes float32; this one takes "
            f"{dtype} as it is. Received: preprocessing={preprocessing.name!r}"
        )
    temperatures = [1.0] * len(model.heads) if temperatures is None else temperatures
    state, made = keras.KerasTensor((None, *model.sample_shape), dtype), []
    for segment, head, temperature in zip(model.segments, model.heads, temperatures, strict=True):
        made.append(Link(segment, head, state, float(temperature)))
        state = made[-1].next_state
        _check_logits(head.compute_output_spec(state).shape)
    made[0].preprocessing = in_float32(preprocessing)
    made[0].inputs = [
        tf.TensorSpec(
            (None, *model.sample_shape), "uint8" if preprocessing else dtype, name="image"
        )
    ]
    return made


def answers(links, images) -> list[np.ndarray]:
    """The logits of each exit, `(batch, num_classes)`, computed link by link with Keras."""
    state, logits = [tf.convert_to_tensor(images)], []
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
    """A function over the chain: images in, the logits of each exit by name out.

    Args:
        advance, answer: lists of those of `segment`.
        exit_names: name of each exit.
    """

    def logits(image):
        state, answers = [image], {}
        for name, next_state, head in zip(exit_names, advance, answer, strict=True):
            state = next_state(*state)
            answers[name] = head(*state)
        return answers

    return logits


def _input_dtype(segment) -> str:
    inputs = keras.tree.flatten(getattr(segment, "inputs", None))
    if len(inputs) > 1:
        raise ValueError(
            "an export has one input. Received: a first segment that reads "
            f"{[x.name for x in inputs]}"
        )
    dtype = inputs[0].dtype if inputs and inputs[0] is not None else "float32"
    if dtype in ("float16", "bfloat16"):
        return "float32"
    if dtype not in DTYPES:
        raise ValueError(f"inputs must be one of {DTYPES}. Received: an input of dtype {dtype}")
    return dtype


def _check_logits(shape):
    if len(shape) != 2:
        raise ValueError(
            "an export gives one answer for each input, logits (batch, num_classes), and none for "
            f"each position. Received: a head with logits of shape {tuple(shape)}"
        )


def _specs(state, name):
    tensors = enumerate(keras.tree.flatten(state))
    return [
        tf.TensorSpec((None, *x.shape[1:]), x.dtype, name=f"{name}_{index}") for index, x in tensors
    ]
