"""ResANN: residual networks with an exit after every s units."""

import functools
import itertools

from ann import exits
from ann.layers import basic_unit, bottleneck_unit, convolution, ilsvrc_stem
from ann.models.arguments import require_positive, require_preset
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
        num_classes: width of the logits.
        input_shape: `(height, width, channels)`.
        preset: "paper", or "author_code": batch normalisation at the end of each branch and none in
            the heads.
        drop_path: probability with which the last unit is skipped in training, falling linearly
            towards the first (stochastic depth, Huang et al. 2016).
        name: of the model.

    Raises:
        ValueError: a size below 1, s above the 3n units, or an unknown preset.
    """
    require_positive("resann", n=n, c=c, num_classes=num_classes)
    require_preset(preset)
    units = _units(basic_unit, (n, n, n), c, drop_path, final_bn=preset == "author_code")
    stem = functools.partial(convolution, filters=c, size=3, name="stem_conv")
    period = s if s is not None else 3 if n == 25 else 1
    return _resann(stem, units, period, num_classes, input_shape, preset, name)


def resann_ilsvrc(
    *,
    depth,
    s=None,
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
        num_classes: width of the logits.
        input_shape: `(height, width, channels)`.
        preset: "paper" (shortcuts of average pooling and zero channels, 003), or "author_code" (1x1
            projections in bottleneck units, batch normalisation at the end of each branch and none
            in the heads).
        drop_path: probability with which the last unit is skipped in training, falling linearly
            towards the first (stochastic depth, Huang et al. 2016).
        name: of the model.

    Raises:
        ValueError: another depth or preset, s above the number of units, a size below 1.
    """
    if depth not in ILSVRC_DEPTHS:
        raise ValueError(
            f"resann: depth must be one of {sorted(ILSVRC_DEPTHS)}. Received: depth={depth}"
        )
    require_positive("resann", num_classes=num_classes)
    require_preset(preset)
    stages, period, unit = ILSVRC_DEPTHS[depth]
    options = {"final_bn": preset == "author_code"}
    if unit is bottleneck_unit:
        options["projection"] = preset == "author_code"
    units = _units(unit, stages, 64, drop_path, **options)
    stem = functools.partial(ilsvrc_stem, filters=64)
    return _resann(
        stem, units, s if s is not None else period, num_classes, input_shape, preset, name
    )


def _units(unit, stages, width, drop_path, **options):
    """One function a unit; the first of each stage but the first has stride 2, widths double from stage to stage."""
    if not 0 <= drop_path < 1:
        raise ValueError(f"drop_path must be in [0, 1). Received: drop_path={drop_path}")
    count, of_depth = itertools.count(), itertools.count(1)
    return [
        functools.partial(
            unit,
            filters=width * 2**stage,
            stride=2 if stage > 0 and index == 0 else 1,
            name=f"unit_{next(count):02d}",
            drop_path=drop_path * next(of_depth) / sum(stages),
            **options,
        )
        for stage, length in enumerate(stages)
        for index in range(length)
    ]


def _resann(stem, units, period, num_classes, input_shape, preset, name):
    first = units[0]
    placement = exits.every(len(units), period)
    head = lambda state, name: exits.linear_head(
        state, num_classes, normalize=preset == "paper", name=name
    )
    return chain_of_units(
        [lambda x: first(stem(x)), *units[1:]], placement, head, input_shape, name=name
    )
