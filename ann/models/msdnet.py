"""MSDNet: multi-scale dense networks (Huang et al., ICLR 2018), as released by their authors."""

import functools
import math

from ann import exits
from ann.layers import multi_scale_layer, multi_scale_stem, multi_scale_transition
from ann.models.arguments import require_positive
from ann.models.multi_exit import MultiExitModel
from ann.models.unit_chain import chain_of_units


def msdnet(
    *, steps, growth, channels, factors, head_width=None, num_classes, input_shape, reduction=0.5, name=None
) -> MultiExitModel:
    """Dense layers over several scales, an exit behind each block of layers, reading the coarsest scale.

    The finest scale is dropped each time another 1/S of the layers is done (S scales), and channels are reduced then.

    Args:
        steps: layers of each block.
        growth: channels a layer adds at a scale of factor 1; must be even times the factors of all coarser scales.
        channels: of the stem at a scale of factor 1.
        factors: of each scale, finest first; growth and bottleneck width are multiples of it.
        head_width: channels of the heads' convolutions; default those of the map they read.
        num_classes: width of the logits.
        input_shape: `(height, width, channels)`; 64 pixels or more take the 7x7 stem.
        reduction: share of the channels kept where a scale is dropped.
        name: of the model.

    Raises:
        ValueError: a size below 1, no block, or an odd number of channels to halve.
    """
    require_positive("msdnet", growth=growth, channels=channels, num_classes=num_classes, blocks=len(steps))
    require_positive("msdnet", shortest_block=min(steps))
    if any(growth * factor % 2 for factor in factors[1:]):
        raise ValueError(f"msdnet: growth times the factors of coarser scales must be even. Received: growth={growth}")
    layers = _layers(sum(steps), growth, channels, factors, reduction)
    stem = functools.partial(multi_scale_stem, channels=[channels * factor for factor in factors], large=input_shape[0] >= 64)
    first = layers[0]
    ends = [sum(steps[: block + 1]) - 1 for block in range(len(steps))]
    head = lambda state, name: exits.multi_scale_head(state, num_classes, width=head_width, name=name)
    return chain_of_units([lambda x: first(stem(x)), *layers[1:]], ends, head, input_shape, name=name)


def _layers(count, growth, channels, factors, reduction):
    """One function a layer, from maps to maps."""
    num_scales, interval = len(factors), math.ceil(count / len(factors))
    layers = []
    for index in range(count):
        scales_in = num_scales - max(0, index - 1) // interval
        scales_out = num_scales - index // interval
        channels += growth
        kept = None
        if scales_in > scales_out:
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
    return maps if transition is None else multi_scale_transition(maps, transition, name=f"{name}_transition")


def msdnet_imagenet(*, k, num_classes=1000, input_shape=(224, 224, 3), blocks=5, growth=16, channels=32, **kwargs):
    """The released ILSVRC networks: `blocks` blocks of k layers on 4 scales of factors 1, 2, 4, 4. Arguments as `msdnet`."""
    require_positive("msdnet", k=k, blocks=blocks)
    sizes = {"growth": growth, "channels": channels, "factors": (1, 2, 4, 4)}
    return msdnet(steps=(k,) * blocks, num_classes=num_classes, input_shape=input_shape, **{**sizes, **kwargs})


def msdnet_cifar(*, b, num_classes=10, input_shape=(32, 32, 3), base=4, step=2, growth=6, channels=16, **kwargs):
    """The anytime networks for CIFAR: b blocks on 3 scales of factors 1, 2, 4.

    The first block has `base` layers, the others `step`; other arguments as `msdnet`.
    """
    require_positive("msdnet", b=b, base=base, step=step)
    return _cifar((base, *(step,) * (b - 1)), num_classes, input_shape, growth, channels, kwargs)


def msdnet_cifar_linear(*, b, num_classes=10, input_shape=(32, 32, 3), growth=6, channels=16, **kwargs):
    """The budgeted-batch networks for CIFAR: b blocks of 1, 2, 3, ... layers. Arguments as `msdnet_cifar`."""
    require_positive("msdnet", b=b)
    return _cifar(tuple(range(1, b + 1)), num_classes, input_shape, growth, channels, kwargs)


def _cifar(steps, num_classes, input_shape, growth, channels, kwargs):
    sizes = {"growth": growth, "channels": channels, "factors": (1, 2, 4), "head_width": 128}
    return msdnet(steps=steps, num_classes=num_classes, input_shape=input_shape, **{**sizes, **kwargs})
