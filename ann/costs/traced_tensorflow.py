"""MACs of what a TensorFlow function traces."""

import math

import numpy as np

_CALLS = ("PartitionedCall", "StatefulPartitionedCall")
_BRANCHES = ("If", "StatelessIf", "Case", "StatelessCase")
_LOOPS = ("While", "StatelessWhile")
_OPAQUE = ("EagerPyFunc", "PyFunc", "PyFuncStateless", "XlaLaunch")


def traced_macs(function, specs) -> int:
    """MACs of one call.

    Args:
        function: of as many tensors as there are specs.
        specs: `(shape, dtype)` of each tensor, all sizes known.

    Raises:
        ValueError: an operation shows no shape, or a loop no length.
    """
    import tensorflow as tf

    specs = [tf.TensorSpec(shape, dtype) for shape, dtype in specs]
    traced = tf.function(function, input_signature=specs, autograph=False, jit_compile=False)
    return _graph_macs(traced.get_concrete_function().graph)


def _graph_macs(graph) -> int:
    """MACs of what the outputs need: a recurrent layer also traces a step that is never run."""
    found, waiting = set(), [tensor.op for tensor in graph.outputs]
    while waiting:
        operation = waiting.pop()
        if operation not in found:
            found.add(operation)
            waiting += [tensor.op for tensor in operation.inputs]
    return sum(_operation_macs(operation) for operation in found)


def _operation_macs(operation) -> int:
    kind = operation.type
    if kind in _PRODUCTS:
        return _PRODUCTS[kind](operation)
    if kind in _CALLS:
        return _graph_macs(_function(operation, operation.get_attr("f")))
    if kind in _BRANCHES:
        return max(_graph_macs(_function(operation, branch)) for branch in _branches(operation))
    if kind in _LOOPS:
        macs = _graph_macs(_function(operation, operation.get_attr("body")))
        return macs and macs * _loop_length(operation)
    if kind in _OPAQUE or kind.startswith("Cudnn"):
        raise ValueError(f"the graph does not show what its operation {kind} computes")
    return 0


def _function(operation, attribute):
    return operation.graph._get_function(attribute.name).graph


def _branches(operation):
    if "branches" in operation.node_def.attr:
        return operation.get_attr("branches")
    return [operation.get_attr("then_branch"), operation.get_attr("else_branch")]


def _sizes(tensor) -> tuple[int, ...]:
    shape = tensor.shape.as_list() if tensor.shape.rank is not None else [None]
    if None in shape:
        raise ValueError(f"the shape {tensor.shape} of its operation {tensor.op.type} is not fixed")
    return tuple(shape)


def _matmul(operation):
    left, summed = _sizes(operation.inputs[0]), -1
    for attribute in ("transpose_a", "adj_x"):
        if attribute in operation.node_def.attr and operation.get_attr(attribute):
            summed = -2
    return math.prod(_sizes(operation.outputs[0])) * left[summed]


def _einsum(operation):
    """Every index of every operand once: each output is a sum over the indices it lacks."""
    equation = operation.get_attr("equation").decode()
    sizes = {}
    for labels, tensor in zip(equation.split("->")[0].split(","), operation.inputs, strict=True):
        shape = _sizes(tensor)
        if "..." in labels:
            before, after = labels.split("...")
            last = len(shape) - len(after)
            # The axes of an ellipsis are aligned at their ends, and broadcast.
            for back, size in enumerate(reversed(shape[len(before) : last])):
                sizes[back] = max(size, sizes.get(back, 1))
            shape, labels = (*shape[: len(before)], *shape[last:]), before + after
        sizes |= zip(labels, shape, strict=True)
    return math.prod(sizes.values()) if len(operation.inputs) > 1 else 0


def _convolution(operation):
    *window, channels_in, _ = _sizes(operation.inputs[1])
    return math.prod(_sizes(operation.outputs[0])) * math.prod(window) * channels_in


def _depthwise_convolution(operation):
    window = _sizes(operation.inputs[1])[:-2]
    return math.prod(_sizes(operation.outputs[0])) * math.prod(window)


def _transposed_convolution(operation):
    *window, channels_out, _ = _sizes(operation.inputs[1])
    return math.prod(_sizes(operation.inputs[2])) * math.prod(window) * channels_out


_PRODUCTS = {
    "BatchMatMul": _matmul,
    "BatchMatMulV2": _matmul,
    "BatchMatMulV3": _matmul,
    "Conv2D": _convolution,
    "Conv2DBackpropInput": _transposed_convolution,
    "Conv3D": _convolution,
    "Conv3DBackpropInputV2": _transposed_convolution,
    "DepthwiseConv2dNative": _depthwise_convolution,
    "Einsum": _einsum,
    "MatMul": _matmul,
}


def _loop_length(loop) -> int:
    """How often the body runs, at most: the smallest bound that the condition shows."""
    condition = _function(loop, loop.get_attr("cond"))
    body = _function(loop, loop.get_attr("body"))
    bounds = [
        bound
        for comparison in condition.get_operations()
        if (bound := _bound(comparison, loop, condition, body)) is not None
    ]
    if not bounds:
        raise ValueError("the number of times that its loop runs depends on the data")
    return min(bounds)


# Comparison -> the sign of the counter's step, and whether the limit itself is included.
_COMPARISONS = {
    "Less": (1, False),
    "LessEqual": (1, True),
    "Greater": (-1, False),
    "GreaterEqual": (-1, True),
}


def _bound(comparison, loop, condition, body) -> int | None:
    """Steps until `counter < limit` ends a loop, where both are known."""
    if comparison.type not in _COMPARISONS:
        return None
    sign, inclusive = _COMPARISONS[comparison.type]
    counter, limit = (_loop_variable(tensor, condition) for tensor in comparison.inputs)
    if counter is None:
        return None
    start = _static(loop.inputs[counter])
    end = _static(comparison.inputs[1] if limit is None else loop.inputs[limit])
    step = _step(body, counter)
    if start is None or end is None or step is None or step * sign <= 0:
        return None
    return max(0, math.ceil((end - start + sign * inclusive) / step))


def _loop_variable(tensor, graph) -> int | None:
    """Position of a loop variable among the inputs of a graph, if the tensor is one."""
    while tensor.op.type == "Identity":
        tensor = tensor.op.inputs[0]
    return next((index for index, x in enumerate(graph.inputs) if x is tensor), None)


def _step(body, counter) -> float | None:
    """What the body adds to a loop variable."""
    update = body.outputs[counter]
    while update.op.type == "Identity":
        update = update.op.inputs[0]
    if update.op.type not in ("AddV2", "Add", "Sub"):
        return None
    first, second = update.op.inputs
    if _loop_variable(first, body) != counter:
        first, second = second, first
    if _loop_variable(first, body) != counter:
        return None
    step = _static(second)
    return -step if step is not None and update.op.type == "Sub" else step


def _static(tensor):
    import tensorflow as tf

    value = tf.get_static_value(tensor)
    return None if value is None or np.size(value) != 1 else np.asarray(value).item()
