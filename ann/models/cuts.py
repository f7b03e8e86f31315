"""Where a Keras model can be cut, and into which units."""

import difflib
import itertools
import numbers

import keras
import pandas as pd

from ann import costs, exits
from ann.models.blocks import is_block, kernels
from ann.models.classifier import vector_classifier
from ann.models.cut_graph import CutGraph

_SUGGESTIONS = 5
_WIDEST_CUT = 3  # tensors of features that may cross the cut after a unit
_FEW_UNITS = 3  # so few are taken only where wider cuts do not give more


def cut_points(keras_model, input_shape=None) -> pd.DataFrame:
    """The layers of a Keras model after which `attach_exits` can put an exit.

    Args:
        keras_model: built functional or Sequential model.
        input_shape: shape of one sample (a structure of shapes for several inputs), where the model
            leaves sizes open; without it costs are missing there.

    Returns:
        DataFrame, a row per layer in order, with the columns
        `layer`: name for `at=`;
        `kind`: its class;
        `unit`: 1-based number of the unit it ends, what `every=` counts; missing elsewhere;
        `shape`: of its output, without the batch;
        `tensors`: how many tensors the state has there;
        `macs`: multiply-accumulates to compute its output;
        `fraction`: of those of the whole model.

    Raises:
        ValueError: the model is neither functional nor a built Sequential one, or Keras cannot save
            and load it.

    Example:
        >>> inputs = keras.Input((8, 8, 3))
        >>> x = keras.layers.Conv2D(4, 3, name="a")(inputs)
        >>> x = keras.layers.Conv2D(4, 3, name="b")(x)
        >>> plain = keras.Model(inputs, keras.layers.Dense(10)(keras.layers.Flatten(name="f")(x)))
        >>> cut_points(plain)[["layer", "unit", "macs"]].values.tolist()
        [['a', 1, 3888], ['b', <NA>, 6192], ['f', 2, 6192]]
    """
    graph = CutGraph(keras_model, input_shape)
    cutter = Cutter(graph, classifier=0, any_rank=True)
    units = {index: number for number, index in enumerate(cutter.unit_ends(), 1)}
    macs = [_macs(call) for call in graph.calls]
    total = sum(macs)
    rows = []
    for index, call in enumerate(graph.calls):
        if cutter.obstacle(index) or vector_classifier(graph) >> index & 1:
            continue
        (output,), before = call.makes, graph.ancestors[index]
        crossing = graph.crossing(before, graph.everything & ~before)
        upto = sum(macs[i] for i in range(index + 1) if before >> i & 1)
        rows.append(
            {
                "layer": call.name,
                "kind": type(call.layer).__name__,
                "unit": units.get(index),
                "shape": tuple(output.shape[1:]),
                "tensors": len({output, *crossing}),
                "macs": upto,
                "fraction": upto / total if total else float("nan"),
            }
        )
    return pd.DataFrame(rows).astype({"unit": "Int64"})


def _macs(call) -> float:
    try:
        return costs.count_macs(call).macs
    except ValueError:  # a size depends on the input
        return float("nan")


class Cutter:
    """Where a model can be cut.

    Args:
        graph: the model.
        classifier: calls of the classifier that is kept.
        any_rank: whether there are heads for features of any rank.
    """

    def __init__(self, graph: CutGraph, classifier: int, *, any_rank: bool):
        self._graph = graph
        self._classifier = classifier
        self._any_rank = any_rank
        self._names = [call.name for call in graph.calls]

    def at(self, names) -> list[int]:
        """Indices of the calls of these layers, increasing.

        Raises:
            ValueError: the model cannot be cut after one of them, or two exits would be the same.
        """
        for name in names:
            if name not in self._names:
                raise ValueError(self._refusal(name, "there is no such layer"))
            obstacle = self.obstacle(self._names.index(name))
            if obstacle:
                raise ValueError(self._refusal(name, obstacle))
        cuts = sorted({self._names.index(name) for name in names})
        self._require_work_between(cuts)
        return cuts

    def every(self, period: int | None) -> list[int]:
        """Indices of the calls that end every so many units, counted back from the last.

        Raises:
            ValueError: the period is not between 1 and the number of units, or leaves one exit.
        """
        ends = self.unit_ends()
        if len(ends) < 2:
            raise ValueError(
                f"attach_exits: every= finds {len(ends)} unit(s) in this model, too few for an "
                f"early exit. {self._what_can_be_cut()}. Received: every={period!r}"
            )
        if not isinstance(period, numbers.Integral) or not 1 <= period <= len(ends):
            raise ValueError(
                f"attach_exits: every must be a whole number between 1 and the {len(ends)} units "
                f"of this model. Received: every={period!r}"
            )
        chosen = [ends[index] for index in exits.every(len(ends), period)]
        if len(chosen) < 2:
            raise ValueError(
                f"attach_exits: every={period} of {len(ends)} units leaves the last exit alone; at "
                f"most {len(ends) - 1} gives an early exit. Received: every={period!r}"
            )
        return chosen[:-1] if self._classifier else chosen  # the classifier ends the last unit

    def _what_can_be_cut(self):
        """Where else; or why no layer can be cut, told of the last one before the classifier."""
        allowed = self._allowed()
        if allowed:
            return (
                "Give the layers by at=: models.cut_points(model) lists the "
                f"{len(allowed)} that can be cut"
            )
        index = max(i for i in range(len(self._names)) if not self._classifier >> i & 1)
        reason = self._obstacle_in_itself(index) or self.obstacle(index)
        return f"No layer can be cut. The last one is {self._names[index]!r}: {reason}"

    def _refusal(self, name, reason):
        allowed = self._allowed()
        if not allowed:
            return (
                f"attach_exits: no cut after {name!r}: {reason}. No other layer can be cut either"
            )
        close = difflib.get_close_matches(name, allowed, _SUGGESTIONS, cutoff=0.3)
        return (
            f"attach_exits: no cut after {name!r}: {reason}. Layers that can be cut, nearest names "
            f"first: {close or allowed[:_SUGGESTIONS]}; models.cut_points(model) lists all "
            f"{len(allowed)}"
        )

    def _allowed(self):
        return [name for index, name in enumerate(self._names) if not self.obstacle(index)]

    def _require_work_between(self, cuts):
        """Two exits with no weights between them would learn the same."""
        weighted = self._graph.set_of(lambda call: call.weights)
        for first, second in itertools.pairwise(cuts):
            if not self._graph.ancestors[second] & ~self._graph.ancestors[first] & weighted:
                names = self._names[first], self._names[second]
                raise ValueError(
                    f"attach_exits: no layer with weights is between {names[0]!r} and "
                    f"{names[1]!r}, so their exits would repeat each other: leave one out. "
                    f"Received: at={names}"
                )

    def obstacle(self, index) -> str | None:
        """Why the model cannot be cut after a call."""
        if self._classifier >> index & 1:
            return "it is part of the model's own classifier, which is the last exit"
        if self._classifier and self._repeats_classifier(index):
            return "the model's own classifier, which is the last exit, reads the same features"
        return self._obstacle_in_itself(index)

    def _repeats_classifier(self, index) -> bool:
        """Whether nothing is learned between a call and the classifier, and no branch passes by."""
        after = self._graph.everything & ~self._graph.ancestors[index]
        if any(call.weights for call in self._graph.chosen(after & ~self._classifier)):
            return False
        crossing = self._graph.crossing(self._graph.ancestors[index], after)
        return set(crossing) <= set(self._graph.calls[index].makes)

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
        if not exits.has_head(len(output.shape)) and not self._any_rank:
            return f"there is no head for features {output.shape}, give one by head="
        if any(calls & before and calls & ~before for calls in self._graph.shared):
            return "a layer with weights is called both before and after it"
        return None

    def unit_ends(self) -> list[int]:
        """Indices of the calls at the ends of the units; see `attach_exits`."""
        graph = self._graph
        body = graph.everything & ~(self._classifier or vector_classifier(graph))
        allowed = [
            index
            for index in range(len(graph.calls))
            if body >> index & 1 and not self._obstacle_in_itself(index)
        ]
        found = []
        for width in range(1, _WIDEST_CUT + 1):
            found.append(self._units_of([i for i in allowed if self._width(i) <= width]))
            if len(found[-1]) > _FEW_UNITS:
                return found[-1]
        return next((ends for ends in found if len(ends) > 1), found[0])

    def _units_of(self, narrow) -> list[int]:
        """The ends of units among the calls at which few enough tensors cross."""
        ends = self._with_kernels([i for i in narrow if _ends_unit(self._graph.calls[i])])
        if len(ends) < 2:
            ends = self._before_kernels(narrow)
        # What follows the last unit is part of it, unless the classifier is its exit.
        return ends if self._classifier or not ends else [*ends[:-1], narrow[-1]]

    def _width(self, index) -> int:
        """Tensors of features that cross the cut after a call, itself included.

        The model's inputs, tokens and masks do not count.
        """
        before = self._graph.ancestors[index]
        crossing = self._graph.crossing(before, self._graph.everything & ~before)
        inputs = keras.tree.flatten(self._graph.inputs)
        features = {x for x in crossing if _is_float(x) and not any(x is y for y in inputs)}
        return len(features.union(self._graph.calls[index].makes))

    def _kernel_counts(self, indices) -> list[int]:
        """Layers with a kernel that each of the calls needs."""
        with_kernel = self._graph.set_of(lambda call: kernels(call.layer))
        return [(self._graph.ancestors[index] & with_kernel).bit_count() for index in indices]

    def _with_kernels(self, indices) -> list[int]:
        """Those of the calls with a new kernel since the one before: a sum of embeddings, say, is
        not a unit."""
        kept, most = [], 0
        for index, count in zip(indices, self._kernel_counts(indices), strict=True):
            if count > most:
                kept.append(index)
                most = count
        return kept

    def _before_kernels(self, indices) -> list[int]:
        """The last of the calls before each next kernel, but for those before the first."""
        counts = self._kernel_counts(indices)
        following = [*counts[1:], None][: len(counts)]
        return [
            index
            for index, count, next_count in zip(indices, counts, following, strict=True)
            if 0 < count != next_count
        ]


def _is_float(tensor) -> bool:
    return keras.backend.is_float_dtype(tensor.dtype)


def _ends_unit(call) -> bool:
    """Whether a call joins branches, as at the end of a residual or dense unit, or is a block."""
    if is_block(call.layer):
        return True
    joins = type(call.layer).__name__ in ("Add", "Concatenate") or _is_own_join(call)
    return joins and len(call.reads) > 1


def _is_own_join(call) -> bool:
    """Whether a layer of a library's or a user's own reads several tensors of features."""
    own = not type(call.layer).__module__.startswith(("keras.src.layers", "keras.src.ops"))
    return own and len({x for x in call.reads if _is_float(x)}) > 1
