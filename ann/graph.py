"""The one reader of Keras graphs: a model as the list of its layers' calls."""

import dataclasses
import inspect
from collections.abc import Iterable

import keras

from ann.keras_private import nodes


@dataclasses.dataclass(frozen=True, eq=False)
class Call:
    """One call of one layer, or of one operation of `keras.ops`.

    Attributes:
        name: name of the layer, after the names of the sub-models that contain it:
            `encoder/dense`.
        layer: what is called.
        args, kwargs: what it is called with, Keras tensors among it.
        makes: list of the Keras tensors that the call returns.
    """

    name: str
    layer: keras.Operation
    args: tuple
    kwargs: dict
    makes: list

    @property
    def reads(self) -> list[keras.KerasTensor]:
        """The Keras tensors among the arguments."""
        return _keras_tensors((self.args, self.kwargs))

    @property
    def weights(self) -> list:
        """Weights of the layer; operations have none."""
        return getattr(self.layer, "weights", [])


def read(link, inputs, opened=None):
    """The calls that a model or layer makes, with sub-models opened.

    The link itself is left as it is: no layer is called. A tensor stands for one value: a sub-model
    that is called twice gives two sets of tensors.

    Args:
        link: functional or Sequential model (its layers are read), or any other layer (one call).
        inputs: structure of Keras tensors that the link is called on. Their sizes need not be
            those the link was built with.
        opened: function from a layer, the arguments and the keyword arguments it is called with to
            a functional model of the Keras tensors among them that does the same, or None where
            the layer is one call; default: all layers are.

    Returns:
        `(calls, outputs)`: list of `Call` in an order in which they can be made, and the
        structure of Keras tensors that the link returns.

    Example:
        >>> relu, dense = keras.layers.ReLU(name="relu"), keras.layers.Dense(4, name="dense")
        >>> i = keras.Input((4,))
        >>> calls, _ = read(keras.Model(i, dense(relu(dense(i)))), i)
        >>> [call.name for call in calls]
        ['dense', 'relu', 'dense']
    """
    reader = _Reader(opened or (lambda layer, args, kwargs: None))
    if is_functional(link):
        return reader.calls, reader.functional(link, inputs, {}, "")
    if isinstance(link, keras.Sequential):
        return reader.calls, reader.sequential(link, inputs, {}, "")
    return reader.calls, reader.call(link.name, link, (inputs,), {})


def is_functional(layer) -> bool:
    """Whether a layer is a functional model that computes what its graph says."""
    return (
        isinstance(layer, keras.Model)
        and isinstance(layer, keras.Function)
        and not isinstance(layer, keras.Sequential)
    )


class _Reader:
    """Collects the calls that are read.

    `context` holds the keyword arguments, such as `training=False`, that a sub-model is called with
    and that its layers inherit; `path` is the prefix of their names.
    """

    def __init__(self, opened):
        self.calls = []
        self._opened = opened

    def functional(self, model, inputs, context, path):
        """Reads a functional model; returns what stands for its output."""
        values = dict(zip(model.inputs, _flat_inputs(model, inputs), strict=True))
        for node in nodes(model):
            reads, layer = node.input_tensors, node.operation
            if node.is_input or any(tensor not in values for tensor in reads):
                continue
            args, kwargs = replace_tensors((node.arguments.args, node.arguments.kwargs), values)
            kwargs = {**_accepted(layer, context), **kwargs}
            unchanged = all(_spec(tensor) == _spec(values[tensor]) for tensor in reads)
            like = node.outputs if unchanged else None
            made = self.call(path + layer.name, layer, args, kwargs, like)
            values |= zip(node.outputs, keras.tree.flatten(made), strict=True)
        return replace_tensors(model.output, values)

    def sequential(self, model, x, context, path):
        """Reads a Sequential model; returns what stands for its output."""
        for layer in model.layers:
            x = self.call(path + layer.name, layer, (x,), _accepted(layer, context))
        return x

    def call(self, name, layer, args, kwargs, like=None):
        """Reads one call, or those inside it; returns what stands for its output.

        `like` are Keras tensors of the shapes that the call returns, or None where they have to be
        computed.
        """
        inputs = args[0] if args else kwargs.get("inputs")
        context = {key: value for key, value in kwargs.items() if key == "training"}
        if isinstance(layer, keras.Sequential):
            return self.sequential(layer, inputs, context, f"{name}/")
        if is_functional(layer):
            return self.functional(layer, inputs, context, f"{name}/")
        opened = self._opened(layer, args, kwargs)
        if opened is not None:
            return self.functional(opened, _keras_tensors((args, kwargs)), {}, f"{name}/")
        outputs = layer.compute_output_spec(*args, **kwargs) if like is None else like
        # New tensors: those of the layer stand for all calls of the sub-model that contains it.
        outputs = keras.tree.map_structure(lambda x: keras.KerasTensor(x.shape, x.dtype), outputs)
        self.calls.append(Call(name, layer, args, kwargs, keras.tree.flatten(outputs)))
        return outputs


def _flat_inputs(model, inputs):
    """The inputs in the order of `model.inputs`; Keras also takes them by name."""
    if isinstance(inputs, dict) and not isinstance(model.input, dict):
        return [inputs[tensor.name] for tensor in model.inputs]
    return keras.tree.flatten(inputs)


def _accepted(layer, context) -> dict:
    """Those keyword arguments that the layer's call takes."""
    if not context:
        return {}
    return {
        key: value
        for key, value in context.items()
        if key in inspect.signature(layer.call).parameters
    }


def _spec(tensor):
    return tuple(tensor.shape), tensor.dtype


def _keras_tensors(structure):
    return [x for x in keras.tree.flatten(structure) if isinstance(x, keras.KerasTensor)]


def replace_tensors(structure, replacement: dict):
    """The structure, with each Keras tensor replaced by the one it is mapped to, if any."""
    replaced = lambda x: replacement.get(x, x) if isinstance(x, keras.KerasTensor) else x
    return keras.tree.map_structure(replaced, structure)


def needed(calls: list[Call], outputs) -> list[Call]:
    """Those of the calls, in order, that a structure of Keras tensors depends on."""
    wanted, found = set(keras.tree.flatten(outputs)), []
    for call in reversed(calls):
        if wanted.intersection(call.makes):
            found.append(call)
            wanted.update(call.reads)
    return found[::-1]


def replay(calls: Iterable[Call], values: dict) -> None:
    """Makes calls on other tensors.

    Args:
        calls: in order.
        values: Keras tensor of the graph -> the one to use in its place; those made are added.
    """
    for call in calls:
        args, kwargs = replace_tensors((call.args, call.kwargs), values)
        values |= zip(call.makes, keras.tree.flatten(call.layer(*args, **kwargs)), strict=True)
