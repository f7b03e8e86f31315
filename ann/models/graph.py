"""A Keras model as the list of its layers' calls, which can be cut and called again in parts."""

import collections
import copy
import dataclasses
import functools
from collections.abc import Iterable

import keras


@dataclasses.dataclass(frozen=True, eq=False)
class Call:
    """One call of one layer (or operation of `keras.ops`); tensors stand for themselves, whatever
    part they are used in.

    Attributes:
        name: of the layer, behind the names of the sub-models it lies in: `encoder/dense`. A layer
            without weights that is
            called several times is as many layers: `relu`, `relu.2`, ...
        layer: what is called.
        args, kwargs: what it is called with, Keras tensors among it.
        outputs: structure of Keras tensors.
    """

    name: str
    layer: keras.Operation
    args: tuple
    kwargs: dict
    outputs: object

    @property
    def reads(self) -> list[keras.KerasTensor]:
        return [
            x
            for x in keras.tree.flatten((self.args, self.kwargs))
            if isinstance(x, keras.KerasTensor)
        ]

    @property
    def makes(self) -> list[keras.KerasTensor]:
        return keras.tree.flatten(self.outputs)

    @property
    def weights(self) -> list:
        return getattr(self.layer, "weights", [])  # operations have none


class Graph:
    """The calls of a copy of a model, in an order in which they can be made; sub-models are opened.

    Sets of calls are integers: bit i stands for `calls[i]`.

    Args:
        model: built functional or Sequential model of one input and one output.

    Attributes:
        input, output: Keras tensors.
        calls: list of `Call`.
        ancestors: for each call the set of the calls its outputs need, itself included.
        shared: for each layer with weights that is called more than once the set of its calls.
    """

    def __init__(self, model):
        # Copied by way of Keras's saving, so that state which is no weight (an adapted
        # normalisation) is kept as well.
        model = copy.deepcopy(keras.Model(model.inputs[0], model.outputs[0]))
        self.calls = []
        self._same = {}  # tensors of sub-models and of calls of sub-models -> the tensor that stands for both
        self._times_called = collections.Counter()
        self.input = keras.Input(batch_shape=model.inputs[0].shape, dtype=model.inputs[0].dtype)
        self.output = self._walk(model, "", self.input)
        self.calls = _needed(self.calls, self.output)
        for call in self.calls:
            call.layer.name = call.name.replace(
                "/", "_"
            )  # sub-models may have layers of the same name
        maker = {tensor: index for index, call in enumerate(self.calls) for tensor in call.makes}
        self.ancestors, calls_of = [], {}
        for index, call in enumerate(self.calls):
            before = (self.ancestors[maker[tensor]] for tensor in call.reads if tensor in maker)
            self.ancestors.append(functools.reduce(int.__or__, before, 1 << index))
            if call.weights:
                calls_of[id(call.layer)] = calls_of.get(id(call.layer), 0) | 1 << index
        self.shared = [calls for calls in calls_of.values() if calls.bit_count() > 1]

    def _walk(self, model, path, inputs):
        """Records the calls of a functional model on `inputs`, and gives what stands for its output."""
        fresh = keras.tree.map_structure(
            lambda x: keras.Input(batch_shape=x.shape, dtype=x.dtype), inputs
        )
        self._same |= zip(
            keras.tree.flatten(fresh), keras.tree.flatten(self._standing_for(inputs)), strict=True
        )
        walked = keras.models.clone_model(
            model,
            input_tensors=keras.tree.pack_sequence_as(model.input, keras.tree.flatten(fresh)),
            clone_function=lambda layer: layer,
            call_function=functools.partial(self._record, path),
        )
        return self._standing_for(walked.output)

    def _record(self, path, layer, *args, **kwargs):
        name = path + layer.name
        outputs = layer(*args, **kwargs)
        if isinstance(layer, keras.Sequential):
            inside = args[0]
            for member in layer.layers:
                inside = self._record(f"{name}/", member, inside)
            inside = self._standing_for(inside)
        elif is_functional(layer):
            inside = self._walk(layer, f"{name}/", args[0])
        else:
            self.calls.append(self._call(name, layer, *self._standing_for((args, kwargs)), outputs))
            return outputs
        self._same |= zip(keras.tree.flatten(outputs), keras.tree.flatten(inside), strict=True)
        return outputs

    def _call(self, name, layer, args, kwargs, outputs):
        self._times_called[layer] += 1
        if self._times_called[layer] > 1 and not getattr(layer, "weights", []):
            # Keras does not load two models that share a layer as they were: each call has a layer
            # of its own.
            name = f"{name}.{self._times_called[layer]}"
            layer = type(layer).from_config(layer.get_config())
        return Call(name, layer, args, kwargs, outputs)

    def _standing_for(self, structure):
        return replace_tensors(structure, self._same)

    def chosen(self, calls: int) -> list[Call]:
        """The calls of a set, in order."""
        return [call for index, call in enumerate(self.calls) if calls >> index & 1]

    @property
    def everything(self) -> int:
        """The set of all calls."""
        return (1 << len(self.calls)) - 1

    def crossing(self, done: int, later: int) -> list[keras.KerasTensor]:
        """Tensors that the calls `later` read from the input and from the calls `done`."""
        made = {self.input}.union(*(call.makes for call in self.chosen(done)))
        return list(
            dict.fromkeys(x for call in self.chosen(later) for x in call.reads if x in made)
        )


def _needed(calls, output):
    """The calls that `output` depends on: not those that only unused outputs of sub-models do."""
    wanted, needed = {output}, []
    for call in reversed(calls):
        if wanted.intersection(call.makes):
            needed.append(call)
            wanted.update(call.reads)
    return needed[::-1]


def is_functional(layer) -> bool:
    return isinstance(layer, keras.Model) and isinstance(layer, keras.Function)


def replace_tensors(structure, replacement: dict):
    """The structure with the Keras tensors in it replaced by those they are mapped to, if any."""
    replaced = lambda x: replacement.get(x, x) if isinstance(x, keras.KerasTensor) else x
    return keras.tree.map_structure(replaced, structure)


def replay(calls: Iterable[Call], values: dict) -> None:
    """Makes calls on other tensors.

    Args:
        calls: in order.
        values: Keras tensor of the graph -> the one to use in its place; those made are added.
    """
    for call in calls:
        args, kwargs = replace_tensors((call.args, call.kwargs), values)
        values |= zip(call.makes, keras.tree.flatten(call.layer(*args, **kwargs)), strict=True)
