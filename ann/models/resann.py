"""ResANN: residual networks with an exit after every s units."""

import functools
import itertools

from ann import exits
from ann.layers import (
    basic_unit,
    bn_relu,
    bottleneck_unit,
    convolution,
    drop_rates,
    ilsvrc_stem,
    normalization,
    residual_sum,
)
from ann.models.arguments import require_depth, require_positive, require_preset
from ann.models.multi_exit import MultiExitModel
from ann.models.unit_chain import chain_of_units

# The (n, c) of 002 appendix A; 001 leaves out (13, 64).
PAPER_SIZES = (*((n, c) for n in (7, 9, 13, 17, 25) for c in (16, 32)), (9, 64), (9, 128), (13, 64))

# Depth -> units in each stage, prediction period, unit (001 appendix B; author_code.md section
# 2.2).
ILSVRC_DEPTHS = {
    14: ((1, 1, 1, 1), 1, bottleneck_unit),
    18: ((2, 2, 2, 2), 2, basic_unit),
    26: ((2, 2, 2, 2), 2, bottleneck_unit),
    34: ((3, 4, 6, 3), 2, basic_unit),
    50: ((3, 4, 6, 3), 2, bottleneck_unit),
    101: ((3, 4, 23, 3), 3, bottleneck_unit),
    152: ((3, 8, 36, 3), 5, bottleneck_unit),
}


def resann_cifar(
    *,
    n,
    c,
    s=None,
    first_exit=0,
    num_classes=10,
    input_shape=(32, 32, 3),
    preset="paper",
    drop_path=0.0,
    name=None,
) -> MultiExitModel:
    """ResANN for small images: 3x3 convolution, then 3 stages of n pre-activation basic units of
    width c, 2c, 4c.

    Stages 2 and 3 begin with a unit of stride 2; shortcuts have no parameters. See 001 appendix B.

    Args:
        n: units in each of the 3 stages.
        c: channels of the first convolution.
        s: prediction period, an exit every s units counted back from the last; default 3 for n =
            25, else 1, as in the papers.
        first_exit: index of the first unit that may have an exit (002 section 4.6: "only predict
            after 1/b"); those before it are left out.
        num_classes: width of the logits.
        input_shape: `(height, width, channels)`.
        preset: "paper"; "author_code": batch normalization at the end of each branch and none in
            the heads; "sieve": the network as 002 section 4.1 describes it, with a 3x3 convolution
            of stride 2 between the stages, 6n + 3 convolutions in all, and units without a ReLU
            before their first convolution.
        drop_path: probability with which the last unit is skipped in training, falling linearly
            towards the first (stochastic depth, Huang et al. 2016).
        name: of the model.

    Raises:
        ValueError: a size below 1, s above the 3n units, `first_exit` beyond them, or an unknown
            preset.
    """
    require_positive("resann", n=n, c=c, num_classes=num_classes)
    if preset == "sieve":
        units = _units_of_002(n, c, drop_path)
    else:
        require_preset(preset)
        units = _units(basic_unit, (n, n, n), c, drop_path, final_bn=preset == "author_code")
    stem = functools.partial(convolution, filters=c, size=3, name="stem_conv")
    placement = exits.every(len(units), s if s is not None else 3 if n == 25 else 1, first_exit)
    return _resann(stem, units, placement, num_classes, input_shape, preset, name)


def resann_ilsvrc(
    *,
    depth,
    s=None,
    first_exit=0,
    num_classes=1000,
    input_shape=(224, 224, 3),
    preset="paper",
    drop_path=0.0,
    name=None,
) -> MultiExitModel:
    """ResANN for ILSVRC: 7x7 stem, then 4 stages of pre-activation units of base width 64, 128,
    256, 512.

    Args:
        depth: layers of the plain network, one of `ILSVRC_DEPTHS`; 18 and 34 have basic units, the
            others bottlenecks.
        s: prediction period; default the papers' and the authors' scripts'.
        first_exit: as in `resann_cifar`.
        num_classes: width of the logits.
        input_shape: `(height, width, channels)`.
        preset: "paper" (shortcuts of average pooling and zero channels, 003), or "author_code" (1x1
            projections in bottleneck units, batch normalization at the end of each branch and none
            in the heads).
        drop_path: probability with which the last unit is skipped in training, falling linearly
            towards the first (stochastic depth, Huang et al. 2016).
        name: of the model.

    Raises:
        ValueError: another depth or preset, s above the number of units, a size below 1.
    """
    require_depth("resann", depth, ILSVRC_DEPTHS)
    require_positive("resann", num_classes=num_classes)
    require_preset(preset)
    stages, period, unit = ILSVRC_DEPTHS[depth]
    options = {"final_bn": preset == "author_code"}
    if unit is bottleneck_unit:
        options["projection"] = preset == "author_code"
    units = _units(unit, stages, 64, drop_path, **options)
    stem = functools.partial(ilsvrc_stem, filters=64)
    placement = exits.every(len(units), s if s is not None else period, first_exit)
    return _resann(stem, units, placement, num_classes, input_shape, preset, name)


def _units(unit, stages, width, drop_path, **options):
    """One function per unit; the first of each stage but the first has stride 2, widths double from
    stage to stage."""
    count = itertools.count()
    rates = iter(drop_rates(drop_path, sum(stages)))
    return [
        functools.partial(
            unit,
            filters=width * 2**stage,
            stride=2 if stage > 0 and index == 0 else 1,
            name=f"unit_{next(count):02d}",
            drop_path=next(rates),
            **options,
        )
        for stage, length in enumerate(stages)
        for index in range(length)
    ]


def _units_of_002(n, c, drop_path):
    """Units of equal cost (Han, Kim and Kim 2017); the first of the later stages follows the
    convolution that halves the map and doubles the channels."""
    units = []
    for index, rate in enumerate(drop_rates(drop_path, 3 * n)):
        filters, stage = c * 2 ** (index // n), index // n
        unit = functools.partial(
            _unit_of_002, filters=filters, drop_path=rate, name=f"unit_{index:02d}"
        )
        if index in (n, 2 * n):
            before = functools.partial(
                convolution, filters=filters, size=3, stride=2, name=f"transition_{stage}_conv"
            )
            unit = functools.partial(_after, before, unit)
        units.append(unit)
    return units


def _unit_of_002(x, filters, drop_path, name):
    """BN-conv3x3-BN-ReLU-conv3x3-BN on top of the identity."""
    branch = convolution(normalization(f"{name}_1_bn")(x), filters, 3, name=f"{name}_conv1")
    branch = convolution(bn_relu(branch, f"{name}_2"), filters, 3, name=f"{name}_conv2")
    branch = normalization(f"{name}_3_bn")(branch)
    return residual_sum(branch, x, drop_path, name)


def _after(before, unit, x):
    return unit(before(x))


def _resann(stem, units, placement, num_classes, input_shape, preset, name):
    first = units[0]
    head = lambda state, name: exits.linear_head(
        state, num_classes, normalize=preset == "paper", name=name
    )
    return chain_of_units(
        [lambda x: first(stem(x)), *units[1:]], placement, head, input_shape, name=name
    )
