"""What each exit costs: multiply-accumulates (MACs) and parameters, counted from the layers.

One MAC is one multiplication and its addition, for one image; papers print the same number as "FLOPs". Convolutions and linear
layers are counted, biases, normalisations, activations, pooling and additions are 0. A layer without a rule is refused by name.
The convention of the op counter that MSDNet's published tables are made with counts more, see `profile`.
"""

import dataclasses
import math

import keras
import pandas as pd


def _positions(layer, output_shape):
    """Places of the output map at which the kernel is applied."""
    spatial = output_shape[1:-1] if layer.data_format == "channels_last" else output_shape[2:]
    return math.prod(spatial)


def _convolution_macs(layer, input_shape, output_shape):
    return _positions(layer, output_shape) * math.prod(layer.kernel.shape)


def _dense_macs(layer, input_shape, output_shape):
    return math.prod(input_shape[1:-1]) * math.prod(layer.kernel.shape)


def _no_macs(layer, input_shape, output_shape):
    return 0


# Layer class name -> MACs of one call, from the layer, its first input shape and its output shape.
MAC_RULES = {
    "Conv1D": _convolution_macs,
    "Conv2D": _convolution_macs,
    "Dense": _dense_macs,
    **dict.fromkeys(
        (
            "Activation",
            "Add",
            "AveragePooling2D",
            "BatchNormalization",
            "ChannelPadding",
            "Concatenate",
            "Dropout",
            "Flatten",
            "GlobalAveragePooling2D",
            "MaxPooling2D",
            "ReLU",
            "Rescaling",
            "Reshape",
            "ZeroPadding2D",
        ),
        _no_macs,
    ),
}


def _uncounted(layer, input_shape, output_shape):
    """What the op counter adds to the MACs of one call."""
    per_output = 0
    if isinstance(layer, keras.layers.ReLU) or getattr(layer, "activation", None) is keras.activations.relu:
        per_output += 1
    if isinstance(layer, keras.layers.Dense) and layer.use_bias:
        per_output += 1
    if hasattr(layer, "pool_size"):
        per_output += math.prod(layer.pool_size)
    if type(layer).__name__.startswith("Global"):
        return math.prod(input_shape[1:])
    return per_output and per_output * math.prod(output_shape[1:])


@dataclasses.dataclass(frozen=True)
class Call:
    """One call of one layer: its MACs, the tensors it reads and those it makes (hashable names), the op counter's extra."""

    macs: int
    reads: frozenset
    makes: frozenset
    uncounted: int


# Convention -> prefix of the columns, count of one call.
_CONVENTIONS = {
    "macs": ("macs", lambda call: call.macs),
    "op_counter": ("ops", lambda call: call.macs + call.uncounted),
}


def profile(model, convention="macs") -> pd.DataFrame:
    """Cost to each exit, one row an exit.

    Args:
        model: a `MultiExitModel` of functional segments and heads.
        convention: "macs", or "op_counter", that of the published tables of MSDNet: beside the MACs one operation for every
            output of a ReLU, every bias of a linear layer, and every position that an output of a pooling is made from. Its
            columns are `ops_blockwise` and so on.

    Returns:
        DataFrame with the columns
        `exit` (0-based);
        `macs_blockwise`: all of the segments and all heads up to this exit;
        `macs_incremental`: of these, what this answer and the earlier ones need, the cost of an anytime run;
        `macs_pruned`: what this answer alone needs, the cost of a signature cut out for it;
        `params`: trainable parameters of the segments and heads up to this exit.

    Raises:
        ValueError: a layer has no rule in `MAC_RULES`, a shape depends on the input, or another convention.

    Example:
        >>> costs.profile(models.build("resann-n1-c16")).macs_pruned.tolist()
        [5161120, 8700224, 12239488]
    """
    if convention not in _CONVENTIONS:
        raise ValueError(f"convention must be one of {sorted(_CONVENTIONS)}. Received: convention={convention!r}")
    prefix, count = _CONVENTIONS[convention]
    calls, rows = [], []
    answers, params, needed_so_far = [], 0, set()
    state, shapes = "input", (None, *model.sample_shape)
    for index, (segment, head) in enumerate(zip(model.segments, model.heads, strict=True)):
        segment_calls, state, shapes = _calls(segment, f"segment_{index}", state, shapes)
        head_calls, answer, _ = _calls(head, f"head_{index}", state, shapes)
        calls += segment_calls + head_calls
        answers.append(answer)
        params += sum(math.prod(w.shape) for link in (segment, head) for w in link.trainable_weights)
        needed = _needed(calls, answer)
        needed_so_far |= needed
        rows.append(
            {
                "exit": index,
                f"{prefix}_blockwise": sum(map(count, calls)),
                f"{prefix}_incremental": sum(map(count, needed_so_far)),
                f"{prefix}_pruned": sum(map(count, needed)),
                "params": params,
            }
        )
    return pd.DataFrame(rows)


def _needed(calls, answer) -> set[Call]:
    """The calls that `answer` depends on."""
    wanted, needed = set(keras.tree.flatten(answer)), set()
    for call in reversed(calls):
        if call.makes & wanted:
            needed.add(call)
            wanted |= call.reads
    return needed


def _calls(link, prefix, inputs, input_shapes):
    """Calls of one segment, head or layer; names of its outputs and their shapes.

    `inputs` and `input_shapes` are a name and a shape, or lists of them, like the link's input.
    """
    if isinstance(link, keras.Sequential):
        calls = []
        for index, layer in enumerate(link.layers):
            layer_calls, inputs, input_shapes = _calls(layer, f"{prefix}/{index}", inputs, input_shapes)
            calls += layer_calls
        return calls, inputs, input_shapes
    config = link.get_config() if isinstance(link, keras.Model) else {}
    if "input_layers" in config:
        return _functional_calls(link, config, prefix, inputs)
    return _layer_call(link, prefix, inputs, input_shapes)


def _functional_calls(link, config, prefix, inputs):
    """`_calls` of a functional model.

    The walk reads the functional configuration, which names producer and shape of every tensor, so that the model itself is
    left alone.
    """
    # (layer, node, index) -> name of the tensor, and its shape.
    names = dict(zip(_tensors(config["input_layers"]), keras.tree.flatten(inputs), strict=True))
    calls, shapes = [], {}
    for entry in config["layers"]:
        for node, arguments in enumerate(entry["inbound_nodes"]):
            read = _history(arguments)
            made_calls, made, made_shapes = _calls(
                link.get_layer(entry["name"]),
                f"{prefix}/{entry['name']}:{node}",
                [names[key] for key, _ in read],
                [shape for _, shape in read],
            )
            calls += made_calls
            made_shapes = [made_shapes] if _is_shape(made_shapes) else list(made_shapes)
            for index, (name, shape) in enumerate(zip(keras.tree.flatten(made), made_shapes, strict=True)):
                names[(entry["name"], node, index)] = name
                shapes[(entry["name"], node, index)] = shape
    outputs = _tensors(config["output_layers"])
    made = [names[key] for key in outputs]
    made_shapes = [shapes.get(key, link.input_shape) for key in outputs]
    return (calls, made[0], made_shapes[0]) if len(outputs) == 1 else (calls, made, made_shapes)


def _layer_call(layer, prefix, inputs, input_shapes):
    kind = type(layer).__name__
    if kind not in MAC_RULES:
        raise ValueError(f"costs: no rule for the layer {layer.name!r}. Received: {kind}; known: {sorted(MAC_RULES)}")
    flat = [input_shapes] if _is_shape(input_shapes) else list(input_shapes)
    output_shape = layer.compute_output_shape(flat[0] if len(flat) == 1 else flat)
    macs = MAC_RULES[kind](layer, flat[0], output_shape)
    uncounted = _uncounted(layer, flat[0], output_shape)
    return [Call(macs, frozenset(keras.tree.flatten(inputs)), frozenset([prefix]), uncounted)], prefix, output_shape


def _is_shape(value):
    return isinstance(value, (tuple, list)) and all(size is None or isinstance(size, int) for size in value)


def _tensors(layers):
    """`(layer, node, index)` of the input or output tensors of a functional configuration."""
    if isinstance(layers, dict):
        layers = list(layers.values())
    return [tuple(layers)] if layers and isinstance(layers[0], str) else [key for one in layers for key in _tensors(one)]


def _history(arguments):
    """`((layer, node, index), shape)` of every tensor in the arguments of a call."""
    if isinstance(arguments, dict):
        if arguments.get("class_name") == "__keras_tensor__":
            config = arguments["config"]
            return [(tuple(config["keras_history"]), tuple(config["shape"]))]
        arguments = list(arguments.values())
    if isinstance(arguments, (list, tuple)):
        return [found for argument in arguments for found in _history(argument)]
    return []
