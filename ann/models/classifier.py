"""The classifier a Keras model ends in: its last layer with weights, and all that follows."""

import keras

from ann.models.cut_graph import CutGraph

_TAKEN_OFF = ("softmax", "sigmoid")


def own_classifier(graph: CutGraph, num_classes: int, keep: bool | None) -> int:
    """The calls of the model's own classifier if it is to be the last exit, else none.

    Raises:
        ValueError: it is to be kept, but does not give `num_classes` values; or it is one
            of several outputs, and nobody said that it is to be left out.
    """
    shapes = [tuple(output.shape) for output in graph.outputs]
    if keep is None and len(shapes) > 1 and any(x[-1:] == (num_classes,) for x in shapes):
        raise ValueError(
            f"attach_exits: exits give one output. Give a model of the {num_classes} classes "
            "alone, whose classifier is kept, or keep_classifier=False for new heads. "
            f"Received: keep_classifier=None, outputs {shapes}"
        )
    classifies = len(shapes) == 1 and len(shapes[0]) > 1 and shapes[0][-1] == num_classes
    tail = from_last_weights(graph)
    if keep and not (classifies and tail):
        raise ValueError(
            f"attach_exits: a classifier that is kept must give (batch, ..., {num_classes}). "
            f"Received: keep_classifier=True, outputs {shapes}"
        )
    return tail if classifies and keep is not False else 0


def from_last_weights(graph: CutGraph) -> int:
    """The calls of the last layer with weights and of all that needs it."""
    last = max((index for index, call in enumerate(graph.calls) if call.weights), default=None)
    if last is None:
        return 0
    return sum(
        1 << index for index, ancestors in enumerate(graph.ancestors) if ancestors >> last & 1
    )


def vector_classifier(graph: CutGraph) -> int:
    """The calls of a classifier that is not kept: `from_last_weights`, if it reads a vector."""
    tail = from_last_weights(graph)
    if not tail or len(graph.outputs) != 1 or len(graph.outputs[0].shape) != 2:
        return 0
    (read,) = graph.chosen(tail)[0].reads[:1]
    return tail if all(size == 1 for size in read.shape[1:-1]) else 0


def logits_of(graph: CutGraph, classifier: int):
    """Calls of the classifier that give its logits, and the tensor that holds them.

    A softmax or sigmoid at the end is taken off: the call if it is a layer of its own, else the
    activation.

    Raises:
        ValueError: the classifier ends in something else.
    """
    calls, (logits,), taken_off = graph.chosen(classifier), graph.outputs, None
    while not calls[-1].weights and not taken_off and activation_of(calls[-1]) in _ENDINGS:
        taken_off = activation_of(calls[-1]) if activation_of(calls[-1]) in _TAKEN_OFF else None
        (logits,) = calls.pop().reads
    if calls[-1].weights and activation_of(calls[-1]) in _TAKEN_OFF and not taken_off:
        taken_off = activation_of(calls[-1])
        calls[-1].layer.activation = keras.activations.linear
    activations = [activation_of(call) for call in calls]
    if set(_TAKEN_OFF) & set(activations) or activations[-1] not in (None, "linear", "log_softmax"):
        raise ValueError(
            "attach_exits: a classifier that is kept must end in logits, or in one softmax or "
            "sigmoid (keep_classifier=False leaves it out). "
            f"Received: {[call.name for call in graph.chosen(classifier)]} with activation "
            f"{activations[-1]!r}"
        )
    return calls, logits


_ENDINGS = ("linear", *_TAKEN_OFF)


def activation_of(call) -> str | None:
    """Name of the activation that a call ends in; None for a layer that has none to tell."""
    kind = type(call.layer).__name__
    if kind in ("Softmax", "Sigmoid"):
        return kind.lower()
    activation = getattr(call.layer, "activation", None)
    return getattr(activation, "__name__", activation and type(activation).__name__)
