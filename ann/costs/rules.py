"""What one call of a layer costs by rule: multiply-accumulates from its kernel and shapes."""

import math


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
    """Four linear maps; in each head the products queries x keys and scores x values."""
    if len(input_shapes[0]) != 3:  # attention over some of several axes
        return None
    queries, keys = (math.prod(shape[1:-1]) for shape in input_shapes[:2])
    kernels = {
        name: math.prod(getattr(layer, name).kernel.shape)
        for name in ("query_dense", "key_dense", "value_dense")
    }
    linear = queries * (kernels["query_dense"] + math.prod(layer.output_dense.kernel.shape))
    linear += keys * (kernels["key_dense"] + kernels["value_dense"])
    return linear + queries * keys * layer.num_heads * (layer.key_dim + layer.value_dim)


def _recurrent_macs(layer, input_shapes, output_shape):
    """Each step multiplies the input and the previous output by the kernels of all gates."""
    input_shape = input_shapes[0] if isinstance(input_shapes, list) else input_shapes
    cell = layer.cell
    if type(layer).__name__ != type(cell).__name__.removesuffix("Cell"):
        return None
    kernels = math.prod(cell.kernel.shape) + math.prod(cell.recurrent_kernel.shape)
    return input_shape[1] * kernels


def _bidirectional_macs(layer, input_shapes, output_shape):
    directions = (layer.forward_layer, layer.backward_layer)
    if any(MAC_RULES.get(type(one).__name__) is not _recurrent_macs for one in directions):
        return None
    return sum(_recurrent_macs(one, input_shapes, output_shape) for one in directions)


def no_macs(layer, input_shape, output_shape):
    return 0


# Name of the class of a layer, or of an operation of keras.ops -> MACs of one call, from the layer,
# the shape of its input (a list of shapes if it reads several tensors) and the shape of its output,
# both with the batch; None where the rule does not hold.
MAC_RULES = {
    "Bidirectional": _bidirectional_macs,
    "Conv1D": _convolution_macs,
    "Conv1DTranspose": _transposed_convolution_macs,
    "Conv2D": _convolution_macs,
    "Conv2DTranspose": _transposed_convolution_macs,
    "Conv3D": _convolution_macs,
    "Conv3DTranspose": _transposed_convolution_macs,
    "Dense": _dense_macs,
    "DepthwiseConv1D": _convolution_macs,
    "DepthwiseConv2D": _convolution_macs,
    "EinsumDense": _einsum_macs,
    "GRU": _recurrent_macs,
    "LSTM": _recurrent_macs,
    "MultiHeadAttention": _attention_macs,
    "SeparableConv1D": _separable_convolution_macs,
    "SeparableConv2D": _separable_convolution_macs,
    "SimpleRNN": _recurrent_macs,
    **dict.fromkeys(
        (
            "Activation",
            "Add",
            "Average",
            "AveragePooling1D",
            "AveragePooling2D",
            "AveragePooling3D",
            "BatchNormalization",
            "ChannelPadding",
            "Concatenate",
            "Cropping1D",
            "Cropping2D",
            "Cropping3D",
            "DropPath",
            "Dropout",
            "ELU",
            "Embedding",
            "Flatten",
            "GaussianDropout",
            "GaussianNoise",
            "GlobalAveragePooling1D",
            "GlobalAveragePooling2D",
            "GlobalAveragePooling3D",
            "GlobalMaxPooling1D",
            "GlobalMaxPooling2D",
            "GlobalMaxPooling3D",
            "GroupNormalization",
            "Identity",
            "LayerNormalization",
            "LayerScale",  # of keras.applications, as StochasticDepth
            "LeakyReLU",
            "Masking",
            "MaxPooling1D",
            "MaxPooling2D",
            "MaxPooling3D",
            "Maximum",
            "MeanProbabilities",
            "Minimum",
            "Multiply",
            "Normalization",
            "PReLU",
            "Permute",
            "Position",
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
            "UpSampling3D",
            "WithMask",
            "ZeroPadding1D",
            "ZeroPadding2D",
            "ZeroPadding3D",
            # operations of keras.ops that do not share their name with a layer above
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
        no_macs,
    ),
}

_BUILT_IN = dict(MAC_RULES)
_LIBRARIES = ("ann", "keras")


def rule_of(layer):
    """The rule for a layer or operation, or None.

    A layer of your own that happens to have the name of one of Keras's does not get its rule; an
    entry that you made in `MAC_RULES` always holds.
    """
    kind = type(layer).__name__
    rule = MAC_RULES.get(kind)
    if rule is not None and rule is _BUILT_IN.get(kind):
        return rule if type(layer).__module__.split(".")[0] in _LIBRARIES else None
    return rule
