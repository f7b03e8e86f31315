"""Exits that answer for each position: how many positions there are for each of the features'."""

import keras

from ann.graph import replace_tensors

# Pairs of sizes that stand for those that a model leaves open: images, then short rows of tokens,
# for models that cannot take long ones.
_TRIALS = ((256, 384), (8, 12))


def factors(graph, cuts, answer) -> list[tuple]:
    """Positions to answer for, for each position of the features at a cut.

    Where the model leaves sizes open, these are found by giving it two sizes.

    Args:
        graph: the model, a `CutGraph`.
        cuts: indices of the calls that exits read.
        answer: tensor of the graph with the positions: `(batch, ..., channels)`, or tokens
            `(batch, length)`.

    Returns:
        For each cut the factor along each axis of positions: `(2, 2)` for features of half the
        height and width.

    Raises:
        ValueError: a factor is not a whole number, or depends on the size.
    """
    trials = _shapes_on_trial(graph) if _has_open_sizes(graph) else [_Shapes()]
    return [_factors(graph.calls[index], answer, trials) for index in cuts]


def _has_open_sizes(graph) -> bool:
    return any(None in tensor.shape[1:] for tensor in keras.tree.flatten(graph.inputs))


class _Shapes(dict):
    """Shapes of the tensors of a graph; those that are not recorded are the tensors' own."""

    def __missing__(self, tensor):
        return tuple(tensor.shape)


def _shapes_on_trial(graph) -> list[_Shapes]:
    """The shapes of all tensors, for two sizes in place of the open ones."""
    for sizes in _TRIALS:
        try:
            return [_shapes_of_size(graph, size) for size in sizes]
        except Exception as error:  # what a layer's own code raises for a size it does not take
            problem = error
    raise ValueError(
        "attach_exits: the model's sizes are open, and which positions its layers have cannot be "
        f"told. Fix the sizes, as in keras.Input((256, 256, 3)). The model says: {problem}"
    )


def _shapes_of_size(graph, size) -> _Shapes:
    values = {
        tensor: keras.KerasTensor((None, *(s or size for s in tensor.shape[1:])), tensor.dtype)
        for tensor in keras.tree.flatten(graph.inputs)
    }
    for call in graph.calls:
        args, kwargs = replace_tensors((call.args, call.kwargs), values)
        made = call.layer.compute_output_spec(*args, **kwargs)
        values |= zip(call.makes, keras.tree.flatten(made), strict=True)
    return _Shapes({tensor: tuple(value.shape) for tensor, value in values.items()})


def _factors(call, answer, trials):
    (features,) = call.makes
    found = set()
    for shapes in trials:
        mine, wanted = shapes[features][1:-1], shapes[answer][1:-1] or shapes[answer][1:]
        whole = len(mine) == len(wanted) and all(
            a and b % a == 0 for a, b in zip(mine, wanted, strict=True)
        )
        if not whole:
            raise ValueError(_refusal(call, mine, wanted))
        found.add(tuple(b // a for a, b in zip(mine, wanted, strict=True)))
    if len(found) > 1:
        raise ValueError(_refusal(call, mine, wanted))
    return found.pop()


def _refusal(call, mine, wanted):
    return (
        f"attach_exits: an exit after {call.name!r} cannot answer for each position: the positions "
        f"must be a whole multiple of its features', along each axis and for all sizes. Cut "
        f"elsewhere, or give a head by head=. Received: features of {mine}, answers for {wanted}"
    )
