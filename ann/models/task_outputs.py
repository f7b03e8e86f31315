"""The outputs of a Keras model of several tasks: their names, shapes, and what they give."""

from ann.did_you_mean import unknown_name
from ann.graph import is_functional, read
from ann.models.classifier import activation_of

_PROBABILITIES = ("softmax", "sigmoid")


def named(model, outputs) -> dict:
    """Outputs of a functional model by name: those of its dictionary, or of its output layers.

    Args:
        model: the model.
        outputs: a structure like that of its outputs.
    """
    if isinstance(outputs, dict):
        return {name: outputs[name] for name in sorted(outputs)}
    return dict(zip(model.output_names, outputs, strict=True))


def require_tasks(model) -> None:
    """Raises unless a model has several named outputs.

    Raises:
        ValueError: it is not functional, has one output, outputs inside one another, two of one
            name, or one without an axis for values.
    """
    where = f"{type(model).__name__} {getattr(model, 'name', model)!r}"
    if not is_functional(model) or len(model.outputs) < 2:
        raise ValueError(
            "several tasks need a functional Keras model of two or more outputs, in a list or a "
            f"dictionary. Received: {where} of {len(getattr(model, 'outputs', []))} outputs"
        )
    keyed = isinstance(model.output, dict)
    parts = list(model.output.values()) if keyed else model.output
    names = list(model.output) if keyed else model.output_names
    if len(parts) != len(model.outputs) or len(set(names)) < len(names):
        raise ValueError(
            "the outputs must have names of their own: give them as a dictionary, as in "
            "keras.Model(inputs, {'digit': digit, 'ink': ink}). "
            f"Received: {where} with the outputs {names}"
        )
    for name, output in named(model, model.output).items():
        if len(output.shape) < 2:
            raise ValueError(
                "outputs must be (batch, ..., values), also for one value. "
                f"Received: output {name!r} of shape {tuple(output.shape)}"
            )


def give_logits(model) -> dict[str, bool | None]:
    """Whether each output gives logits (a layer with weights and no activation), or not (a softmax
    or sigmoid); None for what cannot be told."""
    calls, outputs = read(model, model.input)
    makers = {tensor: call for call in calls for tensor in call.makes}
    return {name: _is_logits(makers, tensor) for name, tensor in named(model, outputs).items()}


def _is_logits(makers, tensor):
    while tensor in makers:
        call = makers[tensor]
        activation = activation_of(call)
        if activation in _PROBABILITIES:
            return False
        if activation != "linear":
            return None
        if call.weights:
            return True
        tensor = call.reads[0]
    return None


def by_name(what: str, given, names, *, every: bool) -> dict:
    """What was given for each output, by name.

    Args:
        what: name of the argument, for the error.
        given: a dictionary by name, or a list in the order of the outputs.
        names: of the outputs.
        every: whether each output must have an entry.

    Raises:
        ValueError: a name that no output has, or an output without an entry.
    """
    if isinstance(given, (list, tuple)) and len(given) == len(names):
        return dict(zip(names, given, strict=True))
    if not isinstance(given, dict):
        kind = (
            f"{type(given).__name__} of shape {given.shape}" if hasattr(given, "shape") else given
        )
        raise ValueError(
            f"{what} must have an entry for each output, by name: {list(names)}. "
            f"Received: {what}={kind}"
        )
    for name in given:
        if name not in names:
            raise ValueError(unknown_name(f"names in {what}", name, names))
    missing = [name for name in names if name not in given]
    if every and missing:
        raise ValueError(
            f"{what} must have an entry for each output {list(names)}. Received: none for {missing}"
        )
    return {name: given[name] for name in names if name in given}
