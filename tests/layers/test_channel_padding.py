import keras
import numpy as np
import pytest

from ann.layers import ChannelPadding


def test_half_of_the_channels_are_added_before_and_half_after():
    padded = ChannelPadding(5)(np.ones((1, 1, 1, 2), "float32"))
    np.testing.assert_array_equal(np.ravel(padded), [0, 1, 1, 0, 0])


def test_symbolic_shape_and_config():
    layer = ChannelPadding(8)
    assert layer(keras.Input((4, 4, 4))).shape == (None, 4, 4, 8)
    assert ChannelPadding.from_config(layer.get_config()).channels == 8


def test_fewer_output_channels_than_input_channels_are_refused():
    with pytest.raises(ValueError, match="Received: channels=1"):
        ChannelPadding(1)(np.ones((1, 1, 1, 2)))
