"""MSDNet against every figure that other code agrees on (peers.md section 2a)."""

import keras
import pytest

from ann import costs, models

# Name, classes -> Keras parameters in all, trainable parameters cumulative over exits (of the op counter's table, less the 32
# biases of PyTorch's ILSVRC stem), and MACs in millions: all so far, needed so far, needed for one exit.
NETWORKS = {
    ("msdnet-imagenet-k4", 1000): (
        23_993_128,
        [4238504 - 32, 8772240 - 32, 13073272 - 32, 16748416 - 32, 23958440 - 32],
        [337.21, 681.65, 1003.66, 1249.63, 1355.61],
        [253.72, 611.41, 960.31, 1249.63, 1355.61],
        [253.72, 584.48, 906.45, 1173.12, 1262.16],
    ),
    ("msdnet-imagenet-k7", 1000): (
        62_374_312,
        [8759240 - 32, 20154896 - 32, 31730040 - 32, 41860288 - 32, 62314472 - 32],
        [612.03, 1430.81, 2276.39, 2959.94, 3246.18],
        [502.05, 1334.87, 2220.19, 2959.94, 3246.18],
        [502.05, 1274.58, 2085.53, 2758.13, 2993.66],
    ),
    ("msdnet-cifar-b7", 100): (
        3_076_512,
        [433876, 876792, 1274952, 1695548, 2178352, 2603252, 3067960],
        [14.97, 25.26, 36.78, 45.97, 56.93, 66.53, 75.49],
        [13.26, 23.25, 35.76, 44.81, 55.62, 66.53, 75.49],
        [13.26, 19.70, 27.77, 33.63, 40.38, 46.34, 51.89],
    ),
}


@pytest.mark.parametrize(("name", "num_classes"), NETWORKS)
def test_counts_to_the_digit(name, num_classes):
    total, params, blockwise, incremental, pruned = NETWORKS[name, num_classes]
    model = models.build(name, num_classes=num_classes)
    assert model.count_params() == total
    profile = costs.profile(model)
    assert profile.params.tolist() == params
    for column, expected in (("blockwise", blockwise), ("incremental", incremental), ("pruned", pruned)):
        assert (profile[f"macs_{column}"] / 1e6).tolist() == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize(
    ("name", "overrides", "trainable"),
    [
        ("msdnet-cifar-b10", {}, 4_955_644),
        ("msdnet-cifar-lin8", {}, 5_310_564),
        ("msdnet-cifar-b6", {"base": 4}, 2_431_552),
        ("msdnet-cifar-b7", {"growth": 16}, 7_362_348),
    ],
)
def test_parameters_of_the_other_networks(name, overrides, trainable):
    model = models.build(name, num_classes=100, **overrides)
    assert sum(int(keras.ops.size(w)) for w in model.trainable_weights) == trainable


def test_wider_stem():
    # peers.md: 64 channels in the stem, the Torch code's default.
    model = models.build("msdnet-imagenet-k4", num_classes=1000, channels=64)
    assert sum(int(keras.ops.size(w)) for w in model.trainable_weights) == 29_726_408 - 64


def test_scales_are_dropped_as_layers_are_done():
    model = models.build("msdnet-imagenet-k4", num_classes=10)
    assert [len(segment.outputs) for segment in model.segments] == [4, 3, 2, 1, 1]
    assert [int(segment.outputs[-1].shape[1]) for segment in model.segments] == [7] * 5


@pytest.mark.parametrize(
    ("name", "overrides", "received"),
    [("msdnet-cifar-b0", {}, "b=0"), ("msdnet-cifar-b7", {"growth": 0}, "growth=0"), ("msdnet-imagenet-k0", {}, "k=0")],
)
def test_bad_arguments_are_refused(name, overrides, received):
    with pytest.raises(ValueError, match=f"Received: {received}"):
        models.build(name, **overrides)


def test_default_classes_are_those_of_the_data():
    assert models.build("msdnet-imagenet-k2").num_classes == 1000
    assert models.build("msdnet-cifar-b2").num_classes == 10
