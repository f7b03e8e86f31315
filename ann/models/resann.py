"""ResANN: residual networks with an exit after every s units."""

import keras

from ann import exits
from ann.layers import basic_unit
from ann.models.multi_exit import MultiExitModel

# The (n, c) of 002 appendix A; 001 leaves out (13, 64).
PAPER_SIZES = (*((n, c) for n in (7, 9, 13, 17, 25) for c in (16, 32)), (9, 64), (9, 128), (13, 64))


def resann_cifar(*, n, c, s=None, num_classes=10, input_shape=(32, 32, 3), preset="paper", name=None) -> MultiExitModel:
    """ResANN for small images: 3x3 convolution, then 3 stages of n pre-activation basic units of width c, 2c, 4c.

    Stages 2 and 3 begin with a unit of stride 2; shortcuts have no parameters. See 001 appendix B.

    Args:
        n: units in each of the 3 stages.
        c: channels of the first convolution.
        s: prediction period, an exit every s units counted back from the last; default 3 for n = 25, else 1, as in the papers.
        num_classes: width of the logits.
        input_shape: `(height, width, channels)`.
        preset: "paper", or "author_code": batch normalisation at the end of each branch and none in the heads.
        name: of the model.

    Raises:
        ValueError: a size below 1, s above the 3n units, or an unknown preset.
    """
    for key, value in (("n", n), ("c", c), ("num_classes", num_classes)):
        if value < 1:
            raise ValueError(f"resann: {key} must be at least 1. Received: {key}={value}")
    if preset not in ("paper", "author_code"):
        raise ValueError(f"resann: preset must be 'paper' or 'author_code'. Received: preset={preset!r}")
    if s is None:
        s = 3 if n == 25 else 1
    segments, heads = [], []
    shape, first = tuple(input_shape), 0
    for index, last in enumerate(exits.every(3 * n, s)):
        segments.append(_segment(index, range(first, last + 1), shape, n=n, c=c, final_bn=preset == "author_code"))
        shape, first = segments[-1].output_shape[1:], last + 1
        heads.append(exits.linear_head(shape, num_classes, normalize=preset == "paper", name=f"head_{index:02d}"))
    return MultiExitModel(segments, heads, input_shape, name=name)


def _segment(index, units, shape, *, n, c, final_bn):
    state_dtype = "float32" if index == 0 else keras.config.dtype_policy().compute_dtype
    inputs = x = keras.Input(shape, dtype=state_dtype, name="state")
    if index == 0:
        x = keras.layers.Conv2D(c, 3, padding="same", use_bias=False, kernel_initializer="he_normal", name="stem_conv")(x)
    for unit in units:
        stage = unit // n
        stride = 2 if stage > 0 and unit % n == 0 else 1
        x = basic_unit(x, c * 2**stage, stride=stride, final_bn=final_bn, name=f"unit_{unit:02d}")
    return keras.Model(inputs, x, name=f"segment_{index:02d}")
