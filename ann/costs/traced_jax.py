"""MACs of what a JAX function traces."""

import math


def traced_macs(function, specs) -> int:
    """MACs of one call.

    Args:
        function: of as many arrays as there are specs.
        specs: `(shape, dtype)` of each array, all sizes known.

    Raises:
        ValueError: a loop shows no length.
    """
    import jax

    arrays = [jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in specs]
    return _jaxpr_macs(jax.make_jaxpr(function)(*arrays).jaxpr)


def _jaxpr_macs(jaxpr) -> int:
    """MACs of what the outputs need."""
    macs, wanted = 0, set(map(id, jaxpr.outvars))
    for equation in reversed(jaxpr.eqns):
        if wanted & set(map(id, equation.outvars)):
            wanted.update(map(id, equation.invars))
            macs += _equation_macs(equation)
    return macs


def _equation_macs(equation) -> int:
    kind, params = equation.primitive.name, equation.params
    if kind == "dot_general":
        (summed, _), _ = params["dimension_numbers"]
        left = equation.invars[0].aval.shape
        return _size(equation.outvars[0]) * math.prod(left[axis] for axis in summed)
    if kind == "conv_general_dilated":
        return _convolution(equation)
    inside = [_jaxpr_macs(jaxpr) for value in params.values() for jaxpr in _jaxprs(value)]
    if kind == "while" and any(inside):
        raise ValueError("the number of times that its loop runs depends on the data")
    if kind == "cond":
        return max(inside)
    return sum(inside) * params.get("length", 1) if kind == "scan" else sum(inside)


def _convolution(equation):
    """Every weight at every place; a transposed convolution skips the zeros between its inputs."""
    kernel = equation.invars[1].aval.shape
    _, channels_in, *window = (
        kernel[axis] for axis in equation.params["dimension_numbers"].rhs_spec
    )
    macs = _size(equation.outvars[0]) * channels_in * math.prod(window)
    return macs // math.prod(equation.params["lhs_dilation"])


def _size(variable) -> int:
    return math.prod(variable.aval.shape)


def _jaxprs(value):
    """The jaxprs in a parameter of an equation."""
    if isinstance(value, (tuple, list)):
        return [jaxpr for one in value for jaxpr in _jaxprs(one)]
    value = getattr(value, "jaxpr", value)
    return [value] if hasattr(value, "eqns") else []
