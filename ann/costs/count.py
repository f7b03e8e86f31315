"""MACs of one call of a layer: by its rule, or from the graph it traces."""

import dataclasses
import math

import keras

from ann.costs import traced_jax, traced_tensorflow
from ann.costs.rules import MAC_RULES, no_macs, rule_of
from ann.graph import Call, replace_tensors

_TRACED = {"tensorflow": traced_tensorflow.traced_macs, "jax": traced_jax.traced_macs}


@dataclasses.dataclass(frozen=True)
class Count:
    """What a call costs.

    Attributes:
        macs: multiply-accumulates for one sample.
        counted: "rule" or "traced".
    """

    macs: int
    counted: str


def count_macs(call: Call) -> Count:
    """MACs of a call of `ann.graph`.

    Raises:
        ValueError: a size depends on the input, or the call has no rule and its graph cannot be
            counted.
    """
    rule = rule_of(call.layer)
    if rule is no_macs:
        return Count(0, "rule")
    _require_fixed_sizes(call)
    if rule is not None:
        macs = rule(call.layer, read_shapes(call), tuple(call.makes[0].shape))
        if macs is not None:
            return Count(macs, "rule")
    return Count(_traced(call), "traced")


def read_shapes(call):
    """Shape of the tensor that a call reads, or a list of shapes if there are several."""
    shapes = [tuple(tensor.shape) for tensor in call.reads]
    return shapes[0] if len(shapes) == 1 else shapes


def _require_fixed_sizes(call):
    shapes = [tuple(tensor.shape) for tensor in (*call.reads, *call.makes)]
    if any(None in shape[1:] for shape in shapes):
        raise ValueError(
            "costs: sizes must be fixed; `input_shape=` of costs.profile fixes them. "
            f"Received: layer {call.name!r} with tensors of the shapes {shapes}"
        )


def _traced(call) -> int:
    """MACs of the graph that the call traces for one sample."""
    backend = keras.config.backend()
    advice = (
        "A rule for the layer is an entry in costs.MAC_RULES: a function of the layer, the shape "
        "of its input and the shape of its output."
    )
    if backend not in _TRACED:
        raise ValueError(
            f"costs: {_described(call)} has no rule, and graphs are counted with the backends "
            f"{sorted(_TRACED)} only. {advice} Received: KERAS_BACKEND={backend}"
        )
    reads = list(dict.fromkeys(call.reads))

    def function(*values):
        given = dict(zip(reads, values, strict=True))
        args, kwargs = replace_tensors((call.args, call.kwargs), given)
        # Stateless: a layer that updates variables or adds losses stays as it is.
        with keras.StatelessScope(collect_losses=True):
            return keras.tree.flatten(call.layer(*args, **kwargs))

    try:
        return _TRACED[backend](function, [_spec(tensor) for tensor in reads])
    except ValueError as error:
        raise ValueError(
            f"costs: {_described(call)} cannot be counted: {error}. {advice}"
        ) from error


def _spec(tensor):
    return tuple(1 if size is None else size for size in tensor.shape), tensor.dtype


def _described(call):
    return f"the layer {call.name!r} ({type(call.layer).__name__})"


def extra_operations(call) -> int:
    """What the op counter of MSDNet's published tables adds to the MACs of a call.

    Raises:
        ValueError: the layer has no rule: what it computes inside is unknown to this convention.
    """
    layer = call.layer
    if rule_of(layer) is None:
        raise ValueError(
            f"costs: the convention 'op_counter' needs a rule for every layer, and "
            f"{_described(call)} has none; known: {sorted(MAC_RULES)}"
        )
    read, made = tuple(call.reads[0].shape), tuple(call.makes[0].shape)
    if None in read[1:] or None in made[1:]:
        return 0
    if type(layer).__name__.startswith("Global"):
        return math.prod(read[1:])
    per_output = 0
    if (
        isinstance(layer, keras.layers.ReLU)
        or getattr(layer, "activation", None) is keras.activations.relu
    ):
        per_output += 1
    if isinstance(layer, keras.layers.Dense) and layer.use_bias:
        per_output += 1
    if hasattr(layer, "pool_size"):
        per_output += math.prod(layer.pool_size)
    return per_output * math.prod(made[1:])
