"""What each exit costs: multiply-accumulates (MACs) and parameters, counted from the layers.

One MAC is one multiplication and its addition, for one image; papers print the same number as
"FLOPs". Convolutions, linear layers and the products of attention are counted, biases,
normalisations, activations, pooling and what works element by element are 0. A layer without a rule
is refused by name; a rule for a layer of your own is an entry in `MAC_RULES`. The convention of the
op counter that MSDNet's published tables are made with counts more, see `profile`.
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


def _separable_convolution_macs(layer, input_shape, output_shape):
    kernels = math.prod(layer.depthwise_kernel.shape) + math.prod(layer.pointwise_kernel.shape)
    return _positions(layer, output_shape) * kernels


def _transposed_convolution_macs(layer, input_shape, output_shape):
    return _positions(layer, input_shape) * math.prod(layer.kernel.shape)


def _einsum_macs(layer, input_shape, output_shape):
    """Each output is a sum over the kernel's axes that it does not have."""
    operands, output = layer.equation.split("->")
    summed = (
        size
        for axis, size in zip(operands.split(",")[1], layer.kernel.shape, strict=True)
        if axis not in output
    )
    return math.prod(output_shape[1:]) * math.prod(summed)


def _attention_macs(layer, input_shapes, output_shape):
    """Four linear maps, and the products of queries with keys and of scores with values in each head."""
    queries, keys = (math.prod(shape[1:-1]) for shape in input_shapes[:2])
    kernels = {
        name: math.prod(getattr(layer, name).kernel.shape)
        for name in ("query_dense", "key_dense", "value_dense")
    }
    linear = queries * (kernels["query_dense"] + math.prod(layer.output_dense.kernel.shape))
    linear += keys * (kernels["key_dense"] + kernels["value_dense"])
    return linear + queries * keys * layer.num_heads * (layer.key_dim + layer.value_dim)


def _no_macs(layer, input_shape, output_shape):
    return 0


# Name of a layer's class, or of an operation's of keras.ops -> MACs of one call, from the layer,
# the shape of its input (a list of shapes if it reads several tensors) and that of its output,
# batch included.
MAC_RULES = {
    "Conv1D": _convolution_macs,
    "Conv1DTranspose": _transposed_convolution_macs,
    "Conv2D": _convolution_macs,
    "Conv2DTranspose": _transposed_convolution_macs,
    "Dense": _dense_macs,
    "DepthwiseConv1D": _convolution_macs,
    "DepthwiseConv2D": _convolution_macs,
    "EinsumDense": _einsum_macs,
    "MultiHeadAttention": _attention_macs,
    "SeparableConv1D": _separable_convolution_macs,
    "SeparableConv2D": _separable_convolution_macs,
    **dict.fromkeys(
        (
            "Activation",
            "Add",
            "Average",
            "AveragePooling1D",
            "AveragePooling2D",
            "BatchNormalization",
            "ChannelPadding",
            "Concatenate",
            "Cropping1D",
            "Cropping2D",
            "DropPath",
            "Dropout",
            "ELU",
            "Embedding",
            "Flatten",
            "GaussianDropout",
            "GaussianNoise",
            "GlobalAveragePooling1D",
            "GlobalAveragePooling2D",
            "GlobalMaxPooling1D",
            "GlobalMaxPooling2D",
            "GroupNormalization",
            "Identity",
            "LayerNormalization",
            "LayerScale",  # of keras.applications, as StochasticDepth
            "LeakyReLU",
            "Masking",
            "MaxPooling1D",
            "MaxPooling2D",
            "Maximum",
            "MeanProbabilities",
            "Minimum",
            "Multiply",
            "Normalization",
            "PReLU",
            "Permute",
            "RMSNormalization",
            "RandomFlip",
            "RandomRotation",
            "RandomTranslation",
            "RandomZoom",
            "ReLU",
            "RepeatVector",
            "Rescaling",
            "Reshape",
            "Softmax",
            "SpatialDropout1D",
            "SpatialDropout2D",
            "StochasticDepth",
            "Subtract",
            "UnitNormalization",
            "UpSampling1D",
            "UpSampling2D",
            "WithMask",
            "ZeroPadding1D",
            "ZeroPadding2D",
            # operations of keras.ops that no layer above shares the name of
            "Any",
            "BroadcastTo",
            "Cast",
            "Clip",
            "Copy",
            "Divide",
            "ExpandDims",
            "Gelu",
            "GetItem",
            "HardSigmoid",
            "HardSilu",
            "LogicalAnd",
            "LogicalOr",
            "Max",
            "Mean",
            "Moveaxis",
            "Negative",
            "NotEqual",
            "Pad",
            "Power",
            "Relu",
            "Relu6",
            "Sigmoid",
            "Silu",
            "Sqrt",
            "Square",
            "Squeeze",
            "Stack",
            "Sum",
            "Swapaxes",
            "Tanh",
            "Transpose",
            "TrueDivide",
        ),
        _no_macs,
    ),
}


def _uncounted(layer, input_shape, output_shape):
    """What the op counter adds to the MACs of one call."""
    per_output = 0
    if (
        isinstance(layer, keras.layers.ReLU)
        or getattr(layer, "activation", None) is keras.activations.relu
    ):
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
        convention: "macs", or "op_counter", that of the published tables of MSDNet: beside the MACs
            one operation for every output of a ReLU, every bias of a linear layer, and every
            position that an output of a pooling is made from. Its columns are `ops_blockwise` and
            so on.

    Returns:
        DataFrame with the columns
        `exit` (0-based);
        `macs_blockwise`: all of the segments and all heads up to this exit;
        `macs_incremental`: of these, what this answer and the earlier ones need, the cost of an
            anytime run;
        `macs_pruned`: what this answer alone needs, the cost of a signature cut out for it;
        `params`: trainable parameters of the segments and heads up to this exit.

    Raises:
        ValueError: a layer has no rule in `MAC_RULES`, a shape depends on the input, or another
            convention.

    Example:
        >>> costs.profile(models.build("resann-n1-c16")).macs_pruned.tolist()
        [5161120, 8700224, 12239488]
    """
    if convention not in _CONVENTIONS:
        raise ValueError(
            f"convention must be one of {sorted(_CONVENTIONS)}. Received: convention={convention!r}"
        )
    prefix, count = _CONVENTIONS[convention]
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
                f"{prefix}_blockwise": sum(map(count, calls)),
                f"{prefix}_incremental": sum(map(count, needed_so_far)),
                f"{prefix}_pruned": sum(map(count, needed)),
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


def _calls(link, prefix, inputs, input_shapes, output_shape=None):
    """Calls of one segment, head or layer; names of its outputs and their shapes.

    `inputs` and `input_shapes` are a name and a shape, or lists of them, like the link's input;
    `output_shape` is that of the output where the functional configuration tells it.
    """
    if isinstance(link, keras.Sequential):
        calls = []
        for index, layer in enumerate(link.layers):
            layer_calls, inputs, input_shapes = _calls(
                layer, f"{prefix}/{index}", inputs, input_shapes
            )
            calls += layer_calls
        return calls, inputs, input_shapes
    config = link.get_config() if isinstance(link, keras.Model) else {}
    if "input_layers" in config:
        return _functional_calls(link, config, prefix, inputs)
    return _layer_call(link, prefix, inputs, input_shapes, output_shape)


def _functional_calls(link, config, prefix, inputs):
    """`_calls` of a functional model.

    The walk reads the functional configuration, which names producer and shape of every tensor, so
    that the model itself is left alone.
    """
    layers = {operation.name: operation for operation in link.operations}
    # (layer, node, index) -> name of the tensor, and its shape.
    names = dict(zip(_tensors(config["input_layers"]), keras.tree.flatten(inputs), strict=True))
    outputs = [_as_read(layers, key) for key in _tensors(config["output_layers"])]
    shapes = dict(zip(outputs, (tuple(tensor.shape) for tensor in link.outputs), strict=True))
    shapes |= (found for entry in config["layers"] for found in _history(entry["inbound_nodes"]))
    calls = []
    for entry in config["layers"]:
        for node, arguments in enumerate(entry["inbound_nodes"]):
            read = [key for key, _ in _history(arguments)]
            made_calls, made, made_shapes = _calls(
                layers[entry["name"]],
                f"{prefix}/{entry['name']}:{node}",
                [names[key] for key in read],
                [shapes[key] for key in read],
                shapes.get((entry["name"], node, 0)),
            )
            calls += made_calls
            names |= {
                (entry["name"], node, index): name
                for index, name in enumerate(keras.tree.flatten(made))
            }
    made, made_shapes = [names[key] for key in outputs], [shapes[key] for key in outputs]
    return (calls, made[0], made_shapes[0]) if len(outputs) == 1 else (calls, made, made_shapes)


def _as_read(layers, key):
    """The key of an output as calls that read it have it: only for outputs does Keras count the nodes of sub-models from 1."""
    name, node, index = key
    return (name, node - 1, index) if isinstance(layers[name], keras.Function) else key


def _layer_call(layer, prefix, inputs, input_shapes, output_shape):
    kind = type(layer).__name__
    if kind not in MAC_RULES:
        raise ValueError(
            f"costs: no rule for the layer {layer.name!r}. Received: {kind} (a rule for a layer of your own is an entry in "
            f"costs.MAC_RULES); known: {sorted(MAC_RULES)}"
        )
    flat = [input_shapes] if _is_shape(input_shapes) else list(input_shapes)
    input_shape = flat[0] if len(flat) == 1 else flat
    output_shape = output_shape or layer.compute_output_shape(input_shape)
    if MAC_RULES[kind] is not _no_macs and any(
        None in shape[1:] for shape in (*flat, output_shape)
    ):
        raise ValueError(
            f"costs: sizes must be fixed. Received: {layer.name!r} from {input_shape} to {output_shape}"
        )
    macs = MAC_RULES[kind](layer, input_shape, output_shape)
    uncounted = (
        0
        if None in flat[0][1:] or None in output_shape[1:]
        else _uncounted(layer, flat[0], output_shape)
    )
    return (
        [Call(macs, frozenset(keras.tree.flatten(inputs)), frozenset([prefix]), uncounted)],
        prefix,
        output_shape,
    )


def _is_shape(value):
    return isinstance(value, (tuple, list)) and all(
        size is None or isinstance(size, int) for size in value
    )


def _tensors(layers):
    """`(layer, node, index)` of the input or output tensors of a functional configuration."""
    if isinstance(layers, dict):
        layers = list(layers.values())
    return (
        [tuple(layers)]
        if layers and isinstance(layers[0], str)
        else [key for one in layers for key in _tensors(one)]
    )


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
