"""Cost to each exit of a chain."""

import dataclasses
import math

import keras
import pandas as pd

from ann.costs.count import count_macs, extra_operations
from ann.graph import Call, needed, read

# Convention -> prefix of the columns, and cost of one call.
_CONVENTIONS = {
    "macs": ("macs", lambda call: count_macs(call).macs),
    "op_counter": ("ops", lambda call: count_macs(call).macs + extra_operations(call)),
}


def profile(model, convention="macs", input_shape=None) -> pd.DataFrame:
    """Cost to each exit, one row per exit.

    Args:
        model: a `MultiExitModel`.
        convention: "macs", or "op_counter", the convention of the published tables of MSDNet: in
            addition to the MACs one operation for every output of a ReLU, every bias of a linear
            layer, and every position that an output of a pooling layer is made from. Its columns
            are `ops_blockwise` and so on.
        input_shape: shape of one sample, where `model.sample_shape` leaves sizes open (`None`).

    Returns:
        DataFrame with the columns

        - `exit` (0-based);
        - `macs_blockwise`: all of the segments and all heads up to this exit;
        - `macs_incremental`: of these, what this answer and the earlier ones need, the cost of an
          anytime run;
        - `macs_lazy`: all of the segments up to this exit, and this exit's head alone: the cost of
          a run whose heads are computed only when they are asked for;
        - `macs_pruned`: what this answer alone needs, the cost of a signature cut out for it;
        - `params`: trainable parameters of the segments and heads up to this exit.

    Raises:
        ValueError: a size depends on the input, a layer without a rule cannot be counted from its
            graph, or an unknown convention.

    Example:
        >>> costs.profile(models.build("resann-n1-c16")).macs_pruned.tolist()
        [5161120, 8700224, 12239488]
    """
    if convention not in _CONVENTIONS:
        raise ValueError(
            f"convention must be one of {sorted(_CONVENTIONS)}. Received: convention={convention!r}"
        )
    prefix, cost = _CONVENTIONS[convention]
    costs, in_segments, rows = {}, {}, []
    params, needed_so_far = 0, set()
    for index, link in enumerate(_links(model, input_shape)):
        costs |= {call: cost(call) for call in link.calls}
        in_segments |= {call: costs[call] for call in link.calls if call not in link.head_calls}
        params += sum(math.prod(w.shape) for w in link.trainable_weights)
        needed_now = needed(list(costs), link.answer)
        needed_so_far.update(needed_now)
        rows.append(
            {
                "exit": index,
                f"{prefix}_blockwise": sum(costs.values()),
                f"{prefix}_incremental": sum(costs[call] for call in needed_so_far),
                f"{prefix}_lazy": sum(in_segments.values())
                + sum(costs[x] for x in link.head_calls),
                f"{prefix}_pruned": sum(costs[call] for call in needed_now),
                "params": params,
            }
        )
    return pd.DataFrame(rows)


def by_layer(model, input_shape=None) -> pd.DataFrame:
    """Cost of each call of each layer, and how it was counted.

    Args:
        model, input_shape: as in `profile`.

    Returns:
        DataFrame with the columns `exit` (0-based, of the link), `link` ("segment" or "head"),
        `layer` (its name), `kind` (its class), `macs`, and `counted`: "rule" (`MAC_RULES`) or
        "traced" (from the layer's graph). Layers that cost nothing are in it.

    Raises:
        ValueError: as `profile`.

    Example:
        >>> table = costs.by_layer(models.build("resann-n1-c16"))
        >>> table[table.macs > 0].head(1).to_dict("records")[0]["layer"]
        'stem_conv'
    """
    rows = []
    for index, link in enumerate(_links(model, input_shape)):
        for call in link.calls:
            count = count_macs(call)
            rows.append(
                {
                    "exit": index,
                    "link": "head" if call in link.head_calls else "segment",
                    "layer": call.name,
                    "kind": type(call.layer).__name__,
                    "macs": count.macs,
                    "counted": count.counted,
                }
            )
    return pd.DataFrame(rows)


def depths(model) -> list[int]:
    """Depth of each exit: layers with MACs on the longest path from the input to its logits.

    For the papers' networks it is the number in their names: 6n + 2 for ResANN on small images.

    Args:
        model: a `MultiExitModel`.

    Returns:
        A depth for each exit.

    Raises:
        ValueError: as `profile`.

    Example:
        >>> costs.depths(models.build("resann-n1-c16"))
        [4, 6, 8]
    """
    longest, found = {}, []
    for link in _links(model, None):
        for call in link.calls:
            before = max((longest.get(tensor, 0) for tensor in call.reads), default=0)
            depth = before + (count_macs(call).macs > 0)
            longest.update(dict.fromkeys(call.makes, depth))
        found.append(max(longest.get(tensor, 0) for tensor in keras.tree.flatten(link.answer)))
    return found


@dataclasses.dataclass(frozen=True)
class _Link:
    """A segment and its head, as calls; `answer` are the Keras tensors that the head returns."""

    calls: list[Call]
    head_calls: set[Call]
    answer: object
    trainable_weights: list


def _links(model, input_shape):
    """The links of the chain in order, read on the tensors that the links before them make."""
    if not hasattr(model, "segments"):
        raise ValueError(
            "costs are those of an anytime network; models.attach_exits makes one of a Keras "
            f"model. Received: {type(model).__name__} {getattr(model, 'name', '')!r}"
        )
    state = _input(model, input_shape)
    for segment, head in zip(model.segments, model.heads, strict=True):
        segment_calls, state = read(segment, state)
        head_calls, answer = read(head, state)
        yield _Link(
            segment_calls + head_calls,
            set(head_calls),
            answer,
            [*segment.trainable_weights, *head.trainable_weights],
        )


def _input(model, input_shape):
    """Keras tensors like a sample, of the types that the first segment takes."""
    shapes = []
    structure = input_shape or model.sample_shape
    keras.tree.map_shape_structure(lambda shape: shapes.append(tuple(shape)), structure)
    first = model.segments[0]
    types = [x.dtype for x in first.inputs] if isinstance(first, keras.Function) else ["float32"]
    tensors = [keras.KerasTensor((None, *s), t) for s, t in zip(shapes, types, strict=True)]
    if len(tensors) == 1 and not isinstance(structure, dict):
        return tensors[0]
    like = keras.tree.map_shape_structure(lambda shape: keras.KerasTensor(shape), structure)
    return keras.tree.pack_sequence_as(like, tensors)
