"""MSDNet: multi-scale dense networks (Huang et al., ICLR 2018).

As released by their authors, and as in the papers on ANNs.
"""

import functools
import math

from ann import exits
from ann.layers import multi_scale_layer, multi_scale_stem, multi_scale_transition
from ann.models.arguments import passes_on_to, require_depth, require_positive, require_preset
from ann.models.multi_exit import MultiExitModel
from ann.models.unit_chain import chain_of_units

# Layers -> layers in each block, prediction period (001 and 000 appendix B; author_code.md section
# 2.4).
ILSVRC_DEPTHS = {
    23: ((6, 6, 5, 6), 4),
    32: ((6, 6, 10, 10), 7),
    33: ((8, 8, 8, 9), 7),
    38: ((10, 9, 10, 9), 7),
}

# In the authors' code the 33 is the one of Huang et al.
_AUTHOR_CODE_DEPTHS = {**ILSVRC_DEPTHS, 33: ((9, 8, 8, 8), 6)}

# Layers before the first exit: the papers have one at the 4th of the 32, the authors' scripts have
# not.
_ILSVRC_FIRST_LAYER = {"paper": 3, "author_code": 4}


def msdnet(
    *,
    steps,
    growth,
    channels,
    factors,
    head_width=None,
    num_classes,
    input_shape,
    reduction=0.5,
    prune="max",
    first_exit=0,
    name=None,
) -> MultiExitModel:
    """Dense layers over several scales, with an exit after each block that reads the coarsest
    scale.

    Args:
        steps: layers of each block.
        growth: channels a layer adds at a scale of factor 1; must be even times the factors of all
            coarser scales.
        channels: of the stem at a scale of factor 1.
        factors: of each scale, finest first; growth and bottleneck width are multiples of it.
        head_width: channels of the heads' convolutions; default those of the map they read.
        num_classes: width of the logits.
        input_shape: `(height, width, channels)`; 64 pixels or more take the 7x7 stem.
        reduction: share of the channels kept by a transition.
        prune: "max" drops the finest of the S scales, with a transition, each time another 1/S of
            the layers is done; "min" keeps all scales but for the last S - 1 layers, with
            transitions after 1/3 and 2/3 of the layers.
        first_exit: index of the first layer that may have an exit (002 section 4.6: "only predict
            after 1/b"); blocks that end before it have none.
        name: of the model.

    Raises:
        ValueError: a size below 1, no block, an odd number of channels to halve, or an unknown
            `prune`.
    """
    require_positive("msdnet", blocks=len(steps), shortest_block=min(steps, default=0))
    if prune not in _PRUNING:
        raise ValueError(
            f"msdnet: prune must be one of {sorted(_PRUNING)}. Received: prune={prune!r}"
        )
    stem = _stem(growth, channels, factors, num_classes, input_shape)
    layers = _layers(
        _PRUNING[prune](sum(steps), len(factors)), growth, channels, factors, reduction
    )
    first = layers[0]
    exits.require_unit(first_exit, sum(steps))
    ends = [sum(steps[: block + 1]) - 1 for block in range(len(steps))]
    ends = [end for end in ends if end >= first_exit]
    return chain_of_units(
        [lambda x: first(stem(x)), *layers[1:]],
        ends,
        _head(num_classes, head_width),
        input_shape,
        name=name,
    )


def _stem(growth, channels, factors, num_classes, input_shape):
    require_positive("msdnet", growth=growth, channels=channels, num_classes=num_classes)
    if any(growth * factor % 2 for factor in factors[1:]):
        raise ValueError(
            "msdnet: growth times the factors of coarser scales must be even. "
            f"Received: growth={growth}"
        )
    return functools.partial(
        multi_scale_stem,
        channels=[channels * factor for factor in factors],
        large=input_shape[0] >= 64,
    )


def _head(num_classes, width):
    return lambda state, name: exits.multi_scale_head(state, num_classes, width=width, name=name)


def _prune_max(count, num_scales):
    """For each layer: scales before and after it, whether a transition follows."""
    interval = math.ceil(count / num_scales)
    before = [num_scales - max(0, index - 1) // interval for index in range(count)]
    after = [num_scales - index // interval for index in range(count)]
    return [
        (scales_in, scales_out, scales_in > scales_out)
        for scales_in, scales_out in zip(before, after, strict=True)
    ]


def _prune_min(count, num_scales):
    transitions = {count // 3, 2 * count // 3}
    return [
        (
            min(num_scales, count - index + 1),
            min(num_scales, count - index),
            index + 1 in transitions,
        )
        for index in range(count)
    ]


_PRUNING = {"max": _prune_max, "min": _prune_min}


def _layers(plan, growth, channels, factors, reduction):
    """One function per layer, from maps to maps."""
    layers = []
    for index, (scales_in, scales_out, reduced) in enumerate(plan):
        channels += growth
        kept = None
        if reduced:
            channels = int(reduction * channels)
            kept = [channels * factor for factor in factors[-scales_out:]]
        layers.append(
            functools.partial(
                _layer,
                growths=[growth * factor for factor in factors[-scales_out:]],
                bottlenecks=factors[-scales_in:],
                transition=kept,
                name=f"layer_{index:02d}",
            )
        )
    return layers


def _layer(maps, growths, bottlenecks, transition, name):
    maps = multi_scale_layer(maps, growths, bottlenecks, name=name)
    return (
        maps
        if transition is None
        else multi_scale_transition(maps, transition, name=f"{name}_transition")
    )


def msdnet_ilsvrc(
    *,
    depth,
    blocks=None,
    s=None,
    first_exit=None,
    growth=16,
    channels=32,
    factors=(1, 2, 4, 4),
    head_width=None,
    reduction=0.5,
    num_classes=1000,
    input_shape=(224, 224, 3),
    preset="paper",
    name=None,
) -> MultiExitModel:
    """MSDNet of the papers on ANNs: a block of layers for each scale, the finest dropped from block
    to block.

    The stem is the first layer. The last layer of each block but the last is a transition of all
    the block's scales, so that the blocks add up to `depth`. There is an exit every s layers,
    counted back from the last, and none before the 4th: 10, 17, 24, 31, 38 (1-based) for depth 38.

    Args:
        depth: layers of the network, one of `ILSVRC_DEPTHS`.
        blocks: layers of each block, default those of `depth`; one block for each scale, at least 2
            layers in each.
        s: prediction period; default that of `depth`.
        first_exit: index of the first layer that may have an exit, the stem counted; default 3, and
            4 in the authors' code.
        growth, channels, factors, head_width, num_classes, input_shape: as in `msdnet`.
        reduction: share of the channels a transition keeps.
        preset: "paper" (33: blocks 8, 8, 8, 9 and s = 7, 001 appendix B), or "author_code" (33: 9,
            8, 8, 8 and s = 6; no exit before the 5th layer, so none at the 4th of the 32).
        name: of the model.

    Raises:
        ValueError: another depth or preset, a size below 1, blocks that do not match the scales, s
            above the layers.
    """
    require_preset(preset)
    require_depth("msdnet", depth, ILSVRC_DEPTHS)
    default_blocks, default_s = (ILSVRC_DEPTHS if preset == "paper" else _AUTHOR_CODE_DEPTHS)[depth]
    blocks = blocks if blocks is not None else default_blocks
    if len(blocks) != len(factors) or min(blocks) < 2:
        raise ValueError(
            f"msdnet: blocks must be {len(factors)}, one per scale, of at least 2 layers each. "
            f"Received: blocks={blocks}"
        )
    stem = _stem(growth, channels, factors, num_classes, input_shape)
    units = [stem, *_block_layers(blocks, growth, channels, factors, reduction)]
    first = first_exit if first_exit is not None else _ILSVRC_FIRST_LAYER[preset]
    placement = exits.every(len(units), s if s is not None else default_s, first)
    return chain_of_units(units, placement, _head(num_classes, head_width), input_shape, name=name)


def _block_layers(blocks, growth, channels, factors, reduction):
    """One function per layer after the stem, from maps to maps."""
    layers = []
    for block, length in enumerate(blocks):
        live = factors[block:]
        for index in range(length - 1):
            layers.append(
                functools.partial(
                    multi_scale_layer,
                    growths=[growth * factor for factor in live],
                    bottlenecks=factors[block - 1 :] if block > 0 and index == 0 else live,
                    name=f"layer_{len(layers) + 1:02d}",
                )
            )
            channels += growth
        if block < len(blocks) - 1:
            channels = int(reduction * channels)
            kept = [channels * factor for factor in live]
            layers.append(
                functools.partial(
                    multi_scale_transition, channels=kept, name=f"layer_{len(layers) + 1:02d}"
                )
            )
    return layers


@passes_on_to(msdnet)
def msdnet_imagenet(
    *, k, num_classes=1000, input_shape=(224, 224, 3), blocks=5, growth=16, channels=32, **kwargs
):
    """The released ILSVRC networks: `blocks` blocks of k layers on 4 scales of factors 1, 2, 4, 4.

    The other arguments are those of `msdnet`.
    """
    require_positive("msdnet", k=k, blocks=blocks)
    sizes = {"growth": growth, "channels": channels, "factors": (1, 2, 4, 4)}
    return msdnet(
        steps=(k,) * blocks, num_classes=num_classes, input_shape=input_shape, **{**sizes, **kwargs}
    )


@passes_on_to(msdnet)
def msdnet_cifar(
    *, b, num_classes=10, input_shape=(32, 32, 3), base=4, step=2, growth=6, channels=16, **kwargs
):
    """The anytime networks for CIFAR: b blocks on 3 scales of factors 1, 2, 4.

    The first block has `base` layers, the others `step`; other arguments as `msdnet`.
    """
    require_positive("msdnet", b=b, base=base, step=step)
    return _cifar((base, *(step,) * (b - 1)), num_classes, input_shape, growth, channels, kwargs)


@passes_on_to(msdnet)
def msdnet_cifar_linear(
    *, b, num_classes=10, input_shape=(32, 32, 3), growth=6, channels=16, **kwargs
):
    """The budgeted-batch networks for CIFAR: b blocks of 1, 2, 3, ... layers.

    The other arguments are those of `msdnet_cifar`.
    """
    require_positive("msdnet", b=b)
    return _cifar(tuple(range(1, b + 1)), num_classes, input_shape, growth, channels, kwargs)


def _cifar(steps, num_classes, input_shape, growth, channels, kwargs):
    sizes = {"growth": growth, "channels": channels, "factors": (1, 2, 4), "head_width": 128}
    return msdnet(
        steps=steps, num_classes=num_classes, input_shape=input_shape, **{**sizes, **kwargs}
    )
