"""Layers that Keras lacks, and the units that the model families are made of."""

from ann.layers.batch_norm import BatchNormalization, synchronize
from ann.layers.channel_padding import ChannelPadding
from ann.layers.convolution import bn_relu, convolution, ilsvrc_stem, normalization
from ann.layers.dense import dense_layer, dense_transition
from ann.layers.drop_path import DropPath, drop_rates, residual_sum
from ann.layers.gradient_scale import scale_gradient
from ann.layers.mean_probabilities import MeanProbabilities
from ann.layers.multi_scale import (
    conv_bn_relu,
    multi_scale_layer,
    multi_scale_stem,
    multi_scale_transition,
)
from ann.layers.position import Position
from ann.layers.residual import basic_unit, bottleneck_unit
from ann.layers.with_mask import WithMask

__all__ = [
    "BatchNormalization",
    "ChannelPadding",
    "DropPath",
    "MeanProbabilities",
    "Position",
    "WithMask",
    "basic_unit",
    "bn_relu",
    "bottleneck_unit",
    "conv_bn_relu",
    "convolution",
    "dense_layer",
    "dense_transition",
    "drop_rates",
    "ilsvrc_stem",
    "multi_scale_layer",
    "multi_scale_stem",
    "multi_scale_transition",
    "normalization",
    "residual_sum",
    "scale_gradient",
    "synchronize",
]
