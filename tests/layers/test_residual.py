import keras
import numpy as np
import pytest

from ann.layers import basic_unit, bottleneck_unit


def unit(channels, **kwargs):
    inputs = keras.Input((8, 8, channels))
    return keras.Model(inputs, basic_unit(inputs, name="unit", **kwargs))


def test_unit_is_the_identity_if_its_convolutions_are_zero(random):
    model = unit(4, filters=4)
    model.get_layer("unit_conv2").kernel.assign(np.zeros((3, 3, 4, 4)))
    x = random.normal(size=(2, 8, 8, 4)).astype("float32")
    np.testing.assert_array_equal(model(x), x)


def test_shortcut_is_average_pooling_and_zero_channels(random):
    model = unit(4, filters=8, stride=2)
    model.get_layer("unit_conv2").kernel.assign(np.zeros((3, 3, 8, 8)))
    x = random.normal(size=(2, 8, 8, 4)).astype("float32")
    pooled = x.reshape(2, 4, 2, 4, 2, 4).mean(axis=(2, 4))
    np.testing.assert_allclose(model(x), np.pad(pooled, [(0, 0)] * 3 + [(2, 2)]), atol=1e-6)


@pytest.mark.parametrize("size", [7, 8])
def test_half_of_an_odd_size_is_rounded_up(size):
    inputs = keras.Input((size, size, 4))
    assert basic_unit(inputs, 8, stride=2, name="unit").shape == (None, 4, 4, 8)


def test_presets_differ_in_one_normalization():
    paper = {layer.name for layer in unit(4, filters=4).layers[1:]}
    author_code = {layer.name for layer in unit(4, filters=4, final_bn=True).layers[1:]}
    assert author_code - paper == {"unit_3_bn"}
    assert not paper - author_code


def test_bottleneck_shortcut_is_pooled_or_projected():
    inputs = keras.Input((8, 8, 4))
    pooled = keras.Model(inputs, bottleneck_unit(inputs, 4, stride=2, name="unit"))
    projected = keras.Model(
        inputs, bottleneck_unit(inputs, 4, stride=2, projection=True, name="unit")
    )
    assert pooled.output_shape == projected.output_shape == (None, 4, 4, 16)
    kernels = [
        {w.path for w in model.weights if w.name == "kernel"} for model in (pooled, projected)
    ]
    assert kernels[1] - kernels[0] == {"unit_shortcut_conv/kernel"}
    same = bottleneck_unit(keras.Input((8, 8, 16)), 4, projection=True, name="unit")
    assert same.shape == (None, 8, 8, 16)
