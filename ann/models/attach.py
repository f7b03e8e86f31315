"""Exits for any functional Keras model: the model cut into a chain, with a head after each cut."""

import functools
import inspect

import keras

from ann import exits
from ann.graph import is_functional, read, replay
from ann.models.classifier import logits_of, own_classifier
from ann.models.cut_graph import CutGraph, alone
from ann.models.cut_state import masks_at_work, read_state, with_masks, without_masks
from ann.models.cuts import Cutter
from ann.models.multi_exit import MultiExitModel
from ann.models.positions import factors


def attach_exits(
    keras_model,
    *,
    num_classes: int,
    at=None,
    every: int | None = None,
    head=None,
    keep_classifier: bool | None = None,
    per_position: bool | None = None,
    name=None,
) -> MultiExitModel:
    """An anytime network made of a Keras model: cut after some of its layers, a head at each cut.

    The model is copied with its weights and left as it was. Tensors that cross a cut (skip
    connections, masks, further inputs) are part of the state. What an exit does not need is
    computed after it.

    Args:
        keras_model: built functional or Sequential model; sub-models in it are opened. It may have
            several inputs, in a list or a dictionary; the anytime network takes the same.
        num_classes: width of the logits: classes, or values to predict.
        at: layers with an exit after them, in any order: names, or the layers themselves. A layer
            of a sub-model is `<sub-model>/<layer>`. `models.cut_points` lists them.
        every: instead of `at`, the prediction period: an exit every so many units, counted back
            from the last. A unit ends with an addition or concatenation that everything after it
            goes through, as residual and dense units do, or with a layer that is a block in itself,
            as a transformer layer of KerasHub; in a model without them, before the next layer with
            a kernel, as a convolution with its normalization and activation does. Where there is no
            such place, further tensors may cross the cut.
        head: function like `exits.linear_head`, from a Keras tensor like the cut layer's output,
            `num_classes` and `name=` to a functional model from such a tensor to logits; default
            `exits.default_head`.
        keep_classifier: whether the model's own classifier (its last layer with weights and what
            follows) is the last exit, with a softmax or sigmoid at its end taken off; default:
            where the model's output is `(batch, ..., num_classes)`. Where it is not kept,
            everything after the last cut is left out.
        per_position: whether the exits answer for each position, as in segmentation and language
            models, with logits `(batch, ..., num_classes)`; default: where the classifier that is
            kept does. Maps are enlarged to the positions of that classifier, or without it to those
            of the input, which must be a whole multiple.
        name: of the model; default that of `keras_model`.

    Raises:
        ValueError: the model, a cut, the period or the classifier will not do, or there would be
            fewer than 2 exits; the message says why and what will.

    Example:
        >>> inputs = keras.Input((8, 8, 3))
        >>> x = keras.layers.Conv2D(4, 3, activation="relu", name="first")(inputs)
        >>> x = keras.layers.Conv2D(8, 3, activation="relu")(x)
        >>> x = keras.layers.GlobalAveragePooling2D()(x)
        >>> plain = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(x))
        >>> model = attach_exits(plain, at=["first"], num_classes=10)
        >>> model.num_exits
        2
    """
    if isinstance(num_classes, bool) or not isinstance(num_classes, int) or num_classes < 1:
        raise ValueError(
            f"attach_exits: num_classes must be an integer of at least 1. Received: {num_classes=}"
        )
    if (at is None) == (every is None):
        raise ValueError(
            f"attach_exits: give either at or every. Received: at={at!r}, every={every!r}"
        )
    graph = CutGraph(keras_model)
    classifier = own_classifier(graph, num_classes, keep_classifier)
    logits = logits_of(graph, classifier) if classifier else None
    cutter = Cutter(graph, classifier, any_rank=head is not None)
    cuts = cutter.every(every) if at is None else cutter.at(_layer_names(keras_model, at))
    if len(cuts) + bool(classifier) < 2:
        raise ValueError(
            "attach_exits: an anytime network needs at least 2 exits; models.cut_points(model) "
            f"lists the layers that can have one. Received: at={at!r}, and the model's own "
            f"classifier is {'kept' if classifier else 'not kept'}"
        )
    if head is None:
        heads_at = _default_heads(graph, cuts, _positions_of(graph, classifier, per_position))
    else:
        heads_at = [head] * len(cuts)
    segments, heads = _links(graph, cuts, classifier, logits, heads_at, num_classes)
    input_shape = keras.tree.map_structure(lambda x: tuple(x.shape[1:]), graph.inputs)
    return MultiExitModel(segments, heads, input_shape, name=name or keras_model.name)


def _layer_names(model, at) -> list[str]:
    """Names for names and layers, of one or of several."""
    at = [at] if isinstance(at, (str, keras.Operation)) else list(at)
    inputs = model.inputs[0] if isinstance(model, keras.Sequential) else model.input
    calls, _ = read(model, inputs)
    names = {id(call.layer): call.name for call in reversed(calls)}
    unknown = [one for one in at if not isinstance(one, str) and id(one) not in names]
    if unknown:
        raise ValueError(
            "attach_exits: at must name layers of the model, or hold its layers. "
            f"Received: {[getattr(one, 'name', one) for one in unknown]}, which are not in it"
        )
    return [one if isinstance(one, str) else names[id(one)] for one in at]


def _positions_of(graph, classifier, per_position):
    """The tensor whose positions the exits answer for, or None where they answer once."""
    if classifier:
        (answer,) = graph.outputs
        answers_for_each = len(answer.shape) > 2
        if per_position is not None and per_position != answers_for_each:
            raise ValueError(
                f"attach_exits: the model's own classifier gives {answer.shape}, and all "
                "exits must answer alike (keep_classifier=False leaves it out). "
                f"Received: per_position={per_position}"
            )
        return answer if answers_for_each else None
    return keras.tree.flatten(graph.inputs)[0] if per_position else None


def _default_heads(graph, cuts, positions_of) -> list:
    """`exits.default_head` for each cut."""
    if positions_of is None:
        return [exits.default_head] * len(cuts)
    return [
        functools.partial(exits.default_head, factors=one)
        for one in factors(graph, cuts, positions_of)
    ]


def _links(graph, cuts, classifier, logits, heads_at, num_classes):
    """Segments and heads of the chain.

    Args:
        graph: the model.
        cuts: indices of the calls with an exit after them, increasing.
        classifier, logits: the calls of the model's own classifier, and what gives its logits
            (`logits_of`); or 0 and None.
        heads_at: for each cut, what makes the head that reads it.
        num_classes: width of the logits.
    """
    ends = [(graph.ancestors[index], graph.calls[index].makes) for index in cuts]
    if classifier:
        ends.append((graph.everything & ~classifier, []))
    all_needed = functools.reduce(int.__or__, (upto for upto, _ in ends), classifier)
    segments, heads, done = [], [], 0
    inputs = graph.inputs
    values = {tensor: tensor for tensor in keras.tree.flatten(inputs)}
    for index, (upto, main) in enumerate(ends):
        replay(graph.chosen(upto & ~done), values)
        done |= upto
        crossing = list(dict.fromkeys([*main, *graph.crossing(done, all_needed & ~done)]))
        carried = [values[tensor] for tensor in crossing]
        tensors = with_masks(carried)
        segments.append(
            keras.Model(inputs, alone(without_masks(tensors)), name=f"segment_{index:02d}")
        )
        state, read_values = read_state(tensors, crossing)
        name = f"head_{index:02d}"
        if main:
            heads.append(
                _head_on_state(heads_at[index], state, read_values, main[0], num_classes, name=name)
            )
        else:
            heads.append(_classifier_head(state, read_values, *logits, name=name))
        has_masks = len(tensors) > len(carried)
        at_work = masks_at_work(segments[:-1], inputs, carried) if has_masks else None
        inputs, values = read_state(tensors, crossing, masks_at_work=at_work)
        inputs = alone(inputs)
    return segments, heads


def _head_on_state(head, inputs, values, main, num_classes, *, name):
    """A head for one tensor as a head for a state."""
    tensor = values[main]
    link = head(tensor, num_classes, name=name)
    _require_head(link, tensor, num_classes, head)
    if len(inputs) == 1:
        return link
    calls, outputs = read(link, tensor)
    made = {}
    replay(calls, made)
    return keras.Model(inputs, made[outputs], name=name)


def _require_head(link, tensor, num_classes, head):
    if not is_functional(link) or len(link.inputs) != 1 or len(link.outputs) != 1:
        received = f"{type(link).__name__} {getattr(link, 'name', link)!r}"
    elif link.outputs[0].shape[-1] != num_classes:
        received = f"a model to logits {link.outputs[0].shape}"
    elif tuple(link.inputs[0].shape) != tuple(tensor.shape):
        received = f"a model of inputs {link.inputs[0].shape}"
    else:
        return
    called = getattr(head, "__name__", head)
    raise ValueError(
        f"attach_exits: {called}{inspect.signature(head)} must return a functional Keras model "
        f"from {tuple(tensor.shape)} to logits (batch, ..., {num_classes}). Received: {received}"
    )


def _classifier_head(inputs, values, calls, logits, *, name):
    replay(calls, values)
    outputs = values[logits]
    if outputs.dtype != "float32":
        outputs = keras.layers.Activation("linear", dtype="float32", name="logits")(outputs)
    return keras.Model(alone(inputs), outputs, name=name)
