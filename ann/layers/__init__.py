"""Layers Keras lacks."""

from ann.layers.batch_norm import BatchNormalization
from ann.layers.channel_padding import ChannelPadding
from ann.layers.residual import basic_unit

__all__ = ["BatchNormalization", "ChannelPadding", "basic_unit"]
