"""Exits for any functional Keras model: the model cut into a chain, with a head behind each cut."""

import functools

import keras

from ann import exits
from ann.models.cut_state import masks_at_work, read_state, with_masks, without_masks
from ann.models.graph import Graph, is_functional, replay
from ann.models.multi_exit import MultiExitModel

# Rank of what the cut layer gives, batch included -> head that reads it.
_HEADS = {2: exits.vector_head, 3: exits.sequence_head, 4: exits.linear_head}


def attach_exits(
    keras_model,
    *,
    num_classes: int,
    at=None,
    every: int | None = None,
    head=None,
    keep_classifier: bool | None = None,
    name=None,
) -> MultiExitModel:
    """An anytime network made of a Keras model: the model cut behind some of its layers, and a head
    at each cut.

    The model is copied with its weights and left as it was. Tensors that cross a cut (skip
    connections, masks) are part of the state. What an exit does not need is computed behind it.

    Args:
        keras_model: built functional or Sequential model of one input and one output; sub-models in
            it are opened.
        num_classes: width of the logits.
        at: names of the layers with an exit behind them, in any order; a layer of a sub-model is
            `<sub-model>/<layer>`.
        every: instead of `at`, the prediction period: an exit every so many units, counted back
            from the last. A unit ends with an addition or concatenation that everything behind it
            goes through, as residual and dense units do; in a model without them, before the next
            layer with a kernel, as a convolution with its normalisation and activation does.
        head: function like `exits.linear_head`, from a Keras tensor like the cut layer's output,
            `num_classes` and `name=` to a functional model from such a tensor to logits; default by
            rank: `vector_head`, `sequence_head`, `linear_head`.
        keep_classifier: whether the model's own classifier (its last layer with weights and what
            follows) is the last exit, with a softmax at its end taken off; default: where the
            model's output is `(batch, num_classes)`. Where it is not kept, all that lies behind the
            last cut is left out.
        name: of the model; default that of `keras_model`.

    Raises:
        ValueError: the model, a cut, the period or the classifier will not do; the message says why
            and what will.

    Example:
        >>> inputs = keras.Input((8, 8, 3))
        >>> x = keras.layers.Conv2D(4, 3, activation="relu", name="first")(inputs)
        >>> x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(8, 3, activation="relu")(x))
        >>> plain = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(x))
        >>> model = attach_exits(plain, at=["first"], num_classes=10)
        >>> model.num_exits
        2
    """
    _require_one_path(keras_model)
    if (at is None) == (every is None):
        raise ValueError(
            f"attach_exits: give either at or every. Received: at={at!r}, every={every!r}"
        )
    graph = Graph(keras_model)
    classifier = _kept_classifier(graph, num_classes, keep_classifier)
    logits = _logits(graph, classifier) if classifier else None
    cutter = _Cutter(graph, classifier, any_rank=head is not None)
    cuts = cutter.every(every) if at is None else cutter.at([at] if isinstance(at, str) else at)
    if not cuts and not classifier:
        raise ValueError(
            f"attach_exits: with no cut and no classifier there is no exit. Received: at={at!r}"
        )
    segments, heads = _links(graph, cuts, classifier, logits, head or _default_head, num_classes)
    return MultiExitModel(segments, heads, graph.input.shape[1:], name=name or keras_model.name)


def _require_one_path(model):
    if not (isinstance(model, keras.Sequential) or is_functional(model)) or not model.built:
        raise ValueError(
            "attach_exits: only a functional model, or a Sequential one that is built, shows its layers. "
            f"Received: keras_model={type(model).__name__} {getattr(model, 'name', model)!r}"
        )
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ValueError(
            "attach_exits: the model must have one input and one output. "
            f"Received: {len(model.inputs)} inputs, {len(model.outputs)} outputs"
        )


def _kept_classifier(graph, num_classes, keep) -> int:
    """The calls of the model's own classifier if it is to be the last exit, else none."""
    classifies = graph.output.shape[1:] == (num_classes,)
    if keep and not classifies:
        raise ValueError(
            f"attach_exits: a classifier that is kept must give (batch, {num_classes}). "
            f"Received: keep_classifier=True, output {graph.output.shape}"
        )
    return _from_last_weights(graph) if classifies and keep is not False else 0


def _from_last_weights(graph) -> int:
    """The calls of the last layer with weights and of all that needs it."""
    last = max(index for index, call in enumerate(graph.calls) if call.weights)
    return sum(
        1 << index for index, ancestors in enumerate(graph.ancestors) if ancestors >> last & 1
    )


def _logits(graph, classifier):
    """Calls of the classifier that give its logits, and the tensor that holds them.

    A softmax at the end is taken off: the call if it is a layer of its own, else the activation.
    """
    calls, logits, taken_off = graph.chosen(classifier), graph.output, []
    while (
        not calls[-1].weights
        and _activation(calls[-1]) in ("linear", "softmax")
        and "softmax" not in taken_off
    ):
        taken_off.append(_activation(calls[-1]))
        (logits,) = calls.pop().reads
    if calls[-1].weights and _activation(calls[-1]) == "softmax" and "softmax" not in taken_off:
        calls[-1].layer.activation = keras.activations.linear
    activations = [_activation(call) for call in calls]
    if "softmax" in activations or activations[-1] not in (None, "linear", "log_softmax"):
        raise ValueError(
            "attach_exits: a classifier that is kept must end in logits or one softmax (keep_classifier=False leaves it out). "
            f"Received: {[call.name for call in graph.chosen(classifier)]} with activation {activations[-1]!r}"
        )
    return calls, logits


def _activation(call) -> str | None:
    if type(call.layer).__name__ == "Softmax":
        return "softmax"
    activation = getattr(call.layer, "activation", None)
    return getattr(activation, "__name__", activation and type(activation).__name__)


class _Cutter:
    """Where a model can be cut.

    Args:
        graph: the model.
        classifier: calls of the classifier that is kept.
        any_rank: whether there are heads for features of any rank.
    """

    def __init__(self, graph, classifier, *, any_rank):
        self._graph = graph
        self._classifier = classifier
        self._any_rank = any_rank
        self._names = [call.name for call in graph.calls]

    def at(self, names) -> list[int]:
        """Indices of the calls of these layers, increasing.

        Raises:
            ValueError: the model cannot be cut behind one of them.
        """
        for name in names:
            obstacle = (
                self._obstacle(self._names.index(name))
                if name in self._names
                else "there is no such layer"
            )
            if obstacle:
                allowed = [
                    name for index, name in enumerate(self._names) if not self._obstacle(index)
                ]
                raise ValueError(
                    f"attach_exits: no cut behind {name!r}: {obstacle}. Layers that can be cut: {allowed}"
                )
        return sorted({self._names.index(name) for name in names})

    def every(self, period) -> list[int]:
        """Indices of the calls that end every so many units, counted back from the last.

        Raises:
            ValueError: the period is not one of 1 to the number of units.
        """
        ends = self._unit_ends()
        chosen = [ends[index] for index in exits.every(len(ends), period)]
        return (
            chosen[:-1] if self._classifier else chosen
        )  # the classifier is the exit of the last unit

    def _obstacle(self, index) -> str | None:
        """Why the model cannot be cut behind a call."""
        if self._classifier >> index & 1:
            return "it is part of the model's own classifier, which is the last exit"
        if (
            self._classifier
            and self._graph.everything & ~self._classifier == self._graph.ancestors[index]
        ):
            return "the model's own classifier reads just this, and is the last exit"
        return self._obstacle_in_itself(index)

    def _obstacle_in_itself(self, index) -> str | None:
        call, before = self._graph.calls[index], self._graph.ancestors[index]
        if self._names.count(call.name) > 1:
            return f"it is called {self._names.count(call.name)} times"
        if len(call.makes) != 1:
            return f"it gives {len(call.makes)} tensors"
        (output,) = call.makes
        if len(output.shape) < 2 or output.shape[-1] is None or not _is_float(output):
            return (
                f"its output, {output.dtype} {output.shape}, is not features (batch, ..., channels)"
            )
        if len(output.shape) not in _HEADS and not self._any_rank:
            return f"there is no head for features {output.shape}, give one by head="
        if any(calls & before and calls & ~before for calls in self._graph.shared):
            return "a layer with weights is called both before and behind it"
        return None

    def _unit_ends(self) -> list[int]:
        """Indices of the calls at the ends of the units."""
        graph = self._graph
        body = graph.everything & ~(self._classifier or _vector_classifier(graph))
        narrow = [
            index
            for index, before in enumerate(graph.ancestors)
            if body >> index & 1
            and not self._obstacle_in_itself(index)
            and self._features_crossing(before) <= set(graph.calls[index].makes)
        ]
        ends = [index for index in narrow if _merges(graph.calls[index])] or _before_kernels(
            graph, narrow
        )
        # What follows the last unit is part of it, unless the classifier is its exit.
        return ends if self._classifier or not ends else [*ends[:-1], narrow[-1]]

    def _features_crossing(self, before) -> set:
        """What the calls behind a cut read across it, but for the model's input, tokens and masks."""
        crossing = self._graph.crossing(before, self._graph.everything & ~before)
        return {
            tensor for tensor in crossing if _is_float(tensor) and tensor is not self._graph.input
        }


def _is_float(tensor) -> bool:
    return keras.backend.is_float_dtype(tensor.dtype)


def _merges(call) -> bool:
    return type(call.layer).__name__ in ("Add", "Concatenate") and len(call.reads) > 1


def _before_kernels(graph, narrow) -> list[int]:
    """Of the calls in `narrow` the last before each next layer with a kernel, but for those before the first."""
    kernels = sum(
        1 << index
        for index, call in enumerate(graph.calls)
        if any(len(w.shape) > 1 for w in call.weights)
    )
    counts = [(graph.ancestors[index] & kernels).bit_count() for index in narrow]
    following = [*counts[1:], None]
    return [
        index
        for index, count, next_count in zip(narrow, counts, following, strict=True)
        if 0 < count != next_count
    ]


def _vector_classifier(graph) -> int:
    """The calls of a classifier that is not kept: the last layer with weights, and all that needs it, if it reads a vector."""
    tail = _from_last_weights(graph)
    (read,) = graph.chosen(tail)[0].reads[:1]
    is_vector = all(size == 1 for size in read.shape[1:-1])
    return tail if is_vector and len(graph.output.shape) == 2 else 0


def _links(graph, cuts, classifier, logits, head, num_classes):
    """Segments and heads of the chain.

    Args:
        graph: the model.
        cuts: indices of the calls with an exit behind them, increasing.
        classifier, logits: the calls of the model's own classifier, and what gives its logits
            (`_logits`); or 0 and None.
        head: makes the head that reads a cut.
        num_classes: width of the logits.
    """
    ends = [(graph.ancestors[index], graph.calls[index].makes) for index in cuts]
    if classifier:
        ends.append((graph.everything & ~classifier, []))
    needed = functools.reduce(int.__or__, (upto for upto, _ in ends), classifier)
    segments, heads, done = [], [], 0
    inputs, values = read_state([graph.input], [graph.input])
    for index, (upto, main) in enumerate(ends):
        replay(graph.chosen(upto & ~done), values)
        done |= upto
        crossing = list(dict.fromkeys([*main, *graph.crossing(done, needed & ~done)]))
        carried = [values[tensor] for tensor in crossing]
        tensors = with_masks(carried)
        segments.append(
            keras.Model(_alone(inputs), _alone(without_masks(tensors)), name=f"segment_{index:02d}")
        )
        name = f"head_{index:02d}"
        if main:
            heads.append(
                _head_on_state(
                    head, *read_state(tensors, crossing), main[0], num_classes, name=name
                )
            )
        else:
            heads.append(_classifier_head(*read_state(tensors, crossing), *logits, name=name))
        has_masks = len(tensors) > len(carried)
        at_work = masks_at_work(segments[:-1], _alone(inputs), carried) if has_masks else None
        inputs, values = read_state(tensors, crossing, masks_at_work=at_work)
    return segments, heads


def _alone(tensors):
    """A state of one tensor is that tensor."""
    return tensors[0] if len(tensors) == 1 else tensors


def _default_head(state, num_classes, *, name):
    return _HEADS[len(state.shape)](state, num_classes, name=name)


def _head_on_state(head, inputs, values, main, num_classes, *, name):
    """A head for one tensor as a head for a state."""
    link = head(values[main], num_classes, name=name)
    if len(inputs) == 1:
        return link
    graph = Graph(link)
    values = {graph.input: values[main]}
    replay(graph.calls, values)
    return keras.Model(inputs, values[graph.output], name=name)


def _classifier_head(inputs, values, calls, logits, *, name):
    replay(calls, values)
    outputs = values[logits]
    if outputs.dtype != "float32":
        outputs = keras.layers.Activation("linear", dtype="float32", name="logits")(outputs)
    return keras.Model(_alone(inputs), outputs, name=name)
