"""What each exit costs: multiply-accumulates (MACs) and parameters, counted from the layers.

One MAC is one multiplication and its addition, for one image; papers print the same number as "FLOPs". Convolutions and linear
layers are counted, biases, normalisations, activations, pooling and additions are 0. A layer without a rule is refused by name.
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
            "MeanProbabilities",
            "ReLU",
            "Rescaling",
            "Reshape",
            "ZeroPadding2D",
        ),
        _no_macs,
    ),
}


@dataclasses.dataclass(frozen=True)
class Call:
    """One call of one layer: its MACs, the tensors it reads and those it makes (hashable names)."""

    macs: int
    reads: frozenset
    makes: frozenset


def profile(model) -> pd.DataFrame:
    """Cost to each exit, one row an exit.

    Args:
        model: a `MultiExitModel` of functional segments and heads.

    Returns:
        DataFrame with the columns
        `exit` (0-based);
        `macs_blockwise`: all of the segments and all heads up to this exit;
        `macs_incremental`: of these, what this answer and the earlier ones need, the cost of an anytime run;
        `macs_pruned`: what this answer alone needs, the cost of a signature cut out for it;
        `params`: trainable parameters of the segments and heads up to this exit.

    Raises:
        ValueError: a layer has no rule in `MAC_RULES`, or a shape depends on the input.

    Example:
        >>> costs.profile(models.build("resann-n1-c16")).macs_pruned.tolist()
        [5161120, 8700224, 12239488]
    """
    calls, rows = [], []
    params, needed_so_far = 0, set()
    for index, (links, link_calls, answer) in enumerate(_walk(model)):
        calls += link_calls
        params += sum(math.prod(w.shape) for link in links for w in link.trainable_weights)
        needed = _needed(calls, answer)
        needed_so_far |= needed
        rows.append(
            {
                "exit": index,
                "macs_blockwise": sum(call.macs for call in calls),
                "macs_incremental": sum(call.macs for call in needed_so_far),
                "macs_pruned": sum(call.macs for call in needed),
                "params": params,
            }
        )
    return pd.DataFrame(rows)


def depths(model) -> list[int]:
    """Depth of each exit: layers with MACs on the longest path from the input to its logits.

    For the papers' networks it is the number in their names: 6n + 2 for ResANN on small images.

    Args:
        model: a `MultiExitModel` of functional segments and heads.

    Returns:
        A depth for each exit.

    Raises:
        ValueError: a layer has no rule in `MAC_RULES`, or a shape depends on the input.

    Example:
        >>> costs.depths(models.build("resann-n1-c16"))
        [4, 6, 8]
    """
    longest, found = {}, []
    for _, calls, answer in _walk(model):
        for call in calls:
            before = max((longest.get(name, 0) for name in call.reads), default=0)
            longest.update(dict.fromkeys(call.makes, before + (call.macs > 0)))
        found.append(max(longest.get(name, 0) for name in keras.tree.flatten(answer)))
    return found


def _walk(model):
    """Segment and head, their calls, and the name of the answer, exit by exit."""
    state, shapes = "input", (None, *model.sample_shape)
    for index, (segment, head) in enumerate(zip(model.segments, model.heads, strict=True)):
        segment_calls, state, shapes = _calls(segment, f"segment_{index}", state, shapes)
        head_calls, answer, _ = _calls(head, f"head_{index}", state, shapes)
        yield (segment, head), segment_calls + head_calls, answer


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
    outputs = [_as_read(link, key) for key in _tensors(config["output_layers"])]
    shapes = dict(zip(outputs, (tuple(tensor.shape) for tensor in link.outputs), strict=True))
    shapes |= (found for entry in config["layers"] for found in _history(entry["inbound_nodes"]))
    calls = []
    for entry in config["layers"]:
        for node, arguments in enumerate(entry["inbound_nodes"]):
            read = [key for key, _ in _history(arguments)]
            made_calls, made, _ = _calls(
                link.get_layer(entry["name"]),
                f"{prefix}/{entry['name']}:{node}",
                [names[key] for key in read],
                [shapes[key] for key in read],
            )
            calls += made_calls
            names |= {(entry["name"], node, index): name for index, name in enumerate(keras.tree.flatten(made))}
    made, made_shapes = [names[key] for key in outputs], [shapes[key] for key in outputs]
    return (calls, made[0], made_shapes[0]) if len(outputs) == 1 else (calls, made, made_shapes)


def _as_read(link, key):
    """The key of an output as calls that read it have it: only for outputs does Keras count the nodes of sub-models from 1."""
    name, node, index = key
    return (name, node - 1, index) if isinstance(link.get_layer(name), keras.Function) else key


def _layer_call(layer, prefix, inputs, input_shapes):
    kind = type(layer).__name__
    if kind not in MAC_RULES:
        raise ValueError(f"costs: no rule for the layer {layer.name!r}. Received: {kind}; known: {sorted(MAC_RULES)}")
    flat = [input_shapes] if _is_shape(input_shapes) else list(input_shapes)
    output_shape = layer.compute_output_shape(flat[0] if len(flat) == 1 else flat)
    macs = MAC_RULES[kind](layer, flat[0], output_shape)
    return [Call(macs, frozenset(keras.tree.flatten(inputs)), frozenset([prefix]))], prefix, output_shape


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
