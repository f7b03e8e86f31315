"""A copy of a Keras model as calls, with what each call needs: what a cut is decided on."""

import collections
import copy
import dataclasses
import functools

import keras

from ann.graph import Call, is_functional, needed, read
from ann.models.blocks import opened
from ann.models.saved_links import Copied


class CutGraph:
    """The calls of a copy of a model, in an order in which they can be made.

    Sub-models are opened, and so are layers that contain a row of blocks. Sets of calls are
    integers: bit i stands for `calls[i]`.

    Args:
        model: built functional or Sequential model.
        input_shape: shape of one sample (or a structure of shapes, as the model's input), to fix
            sizes that the model leaves open.

    Attributes:
        inputs: structure of Keras tensors.
        outputs: list of Keras tensors.
        calls: list of `Call`. Each has a layer and a name of its own, except for layers with
            weights that are called several times. Other layers that are called several times
            become as many layers: `relu`, `relu.2`, ...
        ancestors: for each call, the set of the calls its outputs need, itself included.
        shared: for each layer with weights that is called more than once, the set of its calls.

    Raises:
        ValueError: the model is neither functional nor a built Sequential one, or Keras cannot save
            and load it, which is how it is copied.
    """

    def __init__(self, model, input_shape=None):
        _require_graph(model)
        self.inputs = _inputs(model, input_shape)
        calls, outputs = read(_copy(model), self.inputs, opened)
        self.outputs = keras.tree.flatten(outputs)
        self.calls = _with_own_layers(needed(calls, outputs))
        maker = {tensor: index for index, call in enumerate(self.calls) for tensor in call.makes}
        self.ancestors, calls_of = [], {}
        for index, call in enumerate(self.calls):
            before = (self.ancestors[maker[tensor]] for tensor in call.reads if tensor in maker)
            self.ancestors.append(functools.reduce(int.__or__, before, 1 << index))
            if call.weights:
                calls_of[id(call.layer)] = calls_of.get(id(call.layer), 0) | 1 << index
        self.shared = [calls for calls in calls_of.values() if calls.bit_count() > 1]

    def chosen(self, calls: int) -> list[Call]:
        """The calls of a set, in order."""
        return [call for index, call in enumerate(self.calls) if calls >> index & 1]

    @property
    def everything(self) -> int:
        """The set of all calls."""
        return (1 << len(self.calls)) - 1

    def set_of(self, condition) -> int:
        """The set of the calls for which `condition` holds."""
        return sum(1 << index for index, call in enumerate(self.calls) if condition(call))

    def crossing(self, done: int, later: int) -> list[keras.KerasTensor]:
        """Tensors that the calls `later` read from the inputs and from the calls `done`."""
        made = set(keras.tree.flatten(self.inputs))
        made = made.union(*(call.makes for call in self.chosen(done)))
        return list(
            dict.fromkeys(x for call in self.chosen(later) for x in call.reads if x in made)
        )


def _require_graph(model) -> None:
    """Raises unless a model shows its layers."""
    if not (isinstance(model, keras.Sequential) or is_functional(model)) or not model.built:
        raise ValueError(
            "attach_exits: only a functional model, or a Sequential model that is built, shows its "
            "layers. keras.Model(x, model.call(x)), with x = keras.Input(...), makes one of most "
            f"models of your own class. Received: keras_model={type(model).__name__} "
            f"{getattr(model, 'name', model)!r}"
        )


def alone(tensors):
    """A structure of one tensor is that tensor."""
    return tensors[0] if isinstance(tensors, (list, tuple)) and len(tensors) == 1 else tensors


def _ends_of(model):
    """Structures of the inputs and of the outputs; one tensor stands for itself."""
    if isinstance(model, keras.Sequential):
        return alone(model.inputs), alone(model.outputs)
    return alone(model.input), alone(model.output)


def _inputs(model, input_shape):
    structure = _ends_of(model)[0]
    shapes = keras.tree.map_structure(lambda x: tuple(x.shape[1:]), structure)
    shapes = keras.tree.map_shape_structure(tuple, input_shape or shapes)
    flat = []
    keras.tree.map_shape_structure(lambda shape: flat.append(tuple(shape)) or 0, shapes)
    tensors = keras.tree.flatten(structure)
    inputs = [
        keras.Input(shape, dtype=x.dtype, name=x.name)
        for x, shape in zip(tensors, flat, strict=True)
    ]
    return keras.tree.pack_sequence_as(structure, inputs)


def _copy(model):
    # By way of Keras's saving, so that state that is not a weight (an adapted normalization) is
    # kept as well.
    try:
        return copy.deepcopy(Copied(keras.Model(*_ends_of(model)))).model
    except (TypeError, ValueError, NotImplementedError) as error:
        raise ValueError(
            "attach_exits copies a model by way of Keras's saving, and Keras cannot save and load "
            "this one. A layer of your own needs `get_config`, and the decorator "
            f"@keras.saving.register_keras_serializable(). Keras says: {_first_cause(error)}"
        ) from error


def _first_cause(error) -> str:
    """What began it, in a line: Keras adds the configuration of the layer, and that of the whole
    model to each error after it."""
    while error.__context__ is not None:
        error = error.__context__
    return str(error).partition("\n")[0].partition(" Full object config")[0]


def _with_own_layers(calls):
    """Calls of which only those of layers with weights share a layer.

    Keras does not load two models that share a layer as they were.
    """
    times_called, own = collections.Counter(), []
    for call in calls:
        times_called[call.layer] += 1
        if times_called[call.layer] > 1 and not call.weights:
            layer = type(call.layer).from_config(call.layer.get_config())
            name = f"{call.name}.{times_called[call.layer]}"
            call = dataclasses.replace(call, name=name, layer=layer)
        # Sub-models may have layers of the same name; a link may not.
        call.layer.name = call.name.replace("/", "_")
        own.append(call)
    return own
