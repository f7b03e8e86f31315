"""DenseANN: densely connected networks with an exit after every s layers."""

import functools

from ann import exits
from ann.layers import convolution, dense_layer, dense_transition, ilsvrc_stem
from ann.models.arguments import require_depth, require_positive, require_preset
from ann.models.multi_exit import MultiExitModel
from ann.models.unit_chain import chain_of_units

# Depth -> layers in each block, prediction period (001 appendix B; author_code.md section 2.3).
ILSVRC_DEPTHS = {
    121: ((6, 12, 24, 16), 9),
    169: ((6, 12, 32, 32), 14),
    201: ((6, 12, 48, 32), 17),
}

# Layers before the first exit on ILSVRC, as in the authors' scripts: without them the 121 would
# have an exit at its 4th.
_ILSVRC_FIRST_LAYER = 10


def denseann_ilsvrc(
    *,
    depth,
    s=None,
    first_exit=_ILSVRC_FIRST_LAYER,
    growth=32,
    dropout=0.0,
    num_classes=1000,
    input_shape=(224, 224, 3),
    preset="paper",
    name=None,
) -> MultiExitModel:
    """DenseANN for ILSVRC: 7x7 stem of 2 x growth channels, 4 blocks of dense layers, halving
    transitions between them.

    Exits sit every s layers counted back from the last, none before the 11th: 12, 26, 40, 54, 68,
    82 (1-based) for depth 169.

    Args:
        depth: layers of the plain network, one of `ILSVRC_DEPTHS`.
        s: prediction period; default 9, 14 and 17 for the depths 121, 169 and 201.
        first_exit: index of the first layer that may have an exit (002 section 4.6: "only predict
            after 1/b"); default as in the authors' scripts.
        growth: channels a layer adds.
        dropout: share of activations dropped after each convolution; the papers found it
            detrimental here.
        num_classes: width of the logits.
        input_shape: `(height, width, channels)`.
        preset: "paper" (transitions of conv1x1-BN-ReLU), or "author_code" (BN-ReLU-conv1x1, as
            DenseNet).
        name: of the model.

    Raises:
        ValueError: another depth or preset, s above the number of layers, a size below 1.
    """
    require_depth("denseann", depth, ILSVRC_DEPTHS)
    blocks, period = ILSVRC_DEPTHS[depth]
    stem = functools.partial(ilsvrc_stem, filters=2 * growth)
    placement = exits.every(sum(blocks), s if s is not None else period, first_exit)
    return _denseann(
        stem, blocks, placement, growth, dropout, num_classes, input_shape, preset, name
    )


def denseann_cifar(
    *,
    n,
    g,
    s=3,
    first_exit=0,
    dropout=0.0,
    num_classes=10,
    input_shape=(32, 32, 3),
    preset="paper",
    name=None,
) -> MultiExitModel:
    """DenseANN for small images: 3x3 convolution of 2g channels, 3 blocks of n dense layers,
    halving transitions.

    Args:
        n: layers in each of the 3 blocks.
        g: growth, channels a layer adds.
        s: prediction period, an exit every s layers counted back from the last.
        first_exit: index of the first layer that may have an exit.
        dropout: share of activations dropped after each convolution; the authors' code drops 0.2.
        num_classes, input_shape, preset, name: as in `denseann_ilsvrc`.

    Raises:
        ValueError: a size below 1, s above the 3n layers, or an unknown preset.
    """
    require_positive("denseann", n=n, g=g)
    stem = functools.partial(convolution, filters=2 * g, size=3, name="stem_conv")
    placement = exits.every(3 * n, s, first_exit)
    return _denseann(stem, (n, n, n), placement, g, dropout, num_classes, input_shape, preset, name)


def _denseann(stem, blocks, placement, growth, dropout, num_classes, input_shape, preset, name):
    require_positive("denseann", growth=growth, num_classes=num_classes)
    require_preset(preset)
    if not 0 <= dropout < 1:
        raise ValueError(f"denseann: dropout must be in [0, 1). Received: dropout={dropout}")
    units = []
    for block, length in enumerate(blocks):
        layers = [
            functools.partial(
                dense_layer, growth=growth, dropout=dropout, name=f"layer_{len(units) + index:02d}"
            )
            for index in range(length)
        ]
        transition = functools.partial(
            dense_transition, convolution_first=preset == "paper", name=f"transition_{block}"
        )
        units += [_after(stem if block == 0 else transition, layers[0]), *layers[1:]]
    head = lambda state, name: exits.linear_head(state, num_classes, name=name)
    return chain_of_units(units, placement, head, input_shape, name=name)


def _after(before, layer):
    return lambda x: layer(before(x))
