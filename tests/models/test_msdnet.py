"""MSDNet against figures that its authors' code and others agree on (docs/author_code.md)."""

import math

import pytest

from ann import costs, models

SCALES = (1, 2, 4, 4)

pytestmark = pytest.mark.usefixtures("zero_kernels")

# Name, classes -> Keras parameters in all, trainable parameters cumulative over exits (of the op
# counter's table, less the 32 biases of PyTorch's ILSVRC stem), operations in the op counter's
# convention, and MACs in millions: all so far, needed so far, needed for one exit.
NETWORKS = {
    ("msdnet-imagenet-k4", 1000): (
        23_993_128,
        [4238504 - 32, 8772240 - 32, 13073272 - 32, 16748416 - 32, 23958440 - 32],
        [339902824, 685456720, 1008156120, 1254472688, 1360529624],
        [337.21, 681.65, 1003.66, 1249.63, 1355.61],
        [253.72, 611.41, 960.31, 1249.63, 1355.61],
        [253.72, 584.48, 906.45, 1173.12, 1262.16],
    ),
    ("msdnet-imagenet-k7", 1000): (
        62_374_312,
        [8759240 - 32, 20154896 - 32, 31730040 - 32, 41860288 - 32, 62314472 - 32],
        [615692968, 1436392016, 2283210200, 2967421456, 3253794488],
        [612.03, 1430.81, 2276.39, 2959.94, 3246.18],
        [502.05, 1334.87, 2220.19, 2959.94, 3246.18],
        [502.05, 1274.58, 2085.53, 2758.13, 2993.66],
    ),
    ("msdnet-cifar-b7", 100): (
        3_076_512,
        [433876, 876792, 1274952, 1695548, 2178352, 2603252, 3067960],
        [15140452, 25505992, 37095980, 46331024, 57335540, 66960728, 75937724],
        [14.97, 25.26, 36.78, 45.97, 56.93, 66.53, 75.49],
        [13.26, 23.25, 35.76, 44.81, 55.62, 66.53, 75.49],
        [13.26, 19.70, 27.77, 33.63, 40.38, 46.34, 51.89],
    ),
}


@pytest.mark.parametrize(("name", "num_classes"), NETWORKS)
def test_counts_to_the_digit(name, num_classes):
    total, params, operations, blockwise, incremental, pruned = NETWORKS[name, num_classes]
    model = models.build(name, num_classes=num_classes)
    assert model.count_params() == total
    profile = costs.profile(model)
    assert profile.params.tolist() == params
    assert costs.profile(model, "op_counter").ops_blockwise.tolist() == operations
    for column, expected in (
        ("blockwise", blockwise),
        ("incremental", incremental),
        ("pruned", pruned),
    ):
        assert (profile[f"macs_{column}"] / 1e6).tolist() == pytest.approx(expected, abs=0.005)
    if name == "msdnet-imagenet-k4":  # scales are dropped as layers are done
        assert [len(segment.outputs) for segment in model.segments] == [4, 3, 2, 1, 1]
        assert [int(segment.outputs[-1].shape[1]) for segment in model.segments] == [7] * 5


# Operations so far in millions, trainable parameters in all.
CIFAR_100 = {
    "10 blocks": (
        ("msdnet-cifar-b10", {}),
        [15.14, 25.51, 37.79, 52.06, 62.18, 74.07, 87.73, 100.04, 110.12, 121.68],
        4_955_644,
    ),
    "linear": (
        ("msdnet-cifar-lin8", {}),
        [6.86, 14.35, 27.29, 48.45, 81.57, 112.64, 152.92, 192.69],
        5_310_564,
    ),
    "6 blocks": (("msdnet-cifar-b6", {}), [15.14, 25.75, 33.66, 43.34, 51.82, 60.31], 2_431_552),
    "growth 16": (
        ("msdnet-cifar-b7", {"growth": 16}),
        [56.43, 101.00, 155.31, 198.10, 249.53, 298.05, 340.64],
        7_362_348,
    ),
}


@pytest.mark.parametrize("network", CIFAR_100)
def test_the_other_cifar_networks(network):
    (name, overrides), operations, trainable = CIFAR_100[network]
    profile = costs.profile(models.build(name, num_classes=100, **overrides), "op_counter")
    assert (profile.ops_blockwise / 1e6).tolist() == pytest.approx(operations, abs=0.0051)
    assert profile.params.iloc[-1] == trainable


# Operations so far and parameters so far in millions, trainable parameters in all, with the biases
# of PyTorch's stem.
IMAGENET = {
    "64 channels": (
        {"steps": (4,) * 5, "channels": 64},
        [590.47, 1020.77, 1378.76, 1636.70, 1746.85],
        [7.381, 13.273, 18.209, 22.157, 29.726],
        29_726_408,
    ),
    "exits at k i + 3": (
        {"steps": (7, 4, 4, 4, 4), "channels": 32},
        [630.20, 964.20, 1335.31, 1622.93, 1743.71],
        [4.361, 11.519, 17.911, 22.587, 31.096],
        31_096_088,
    ),
    "scales kept": (
        {"steps": (4,) * 5, "channels": 32, "prune": "min"},
        [339.90, 728.16, 1141.02, 1687.86, 2077.14],
        [4.239, 8.762, 18.181, 26.020, 39.798],
        39_797_592,
    ),
}


@pytest.mark.parametrize("network", IMAGENET)
def test_the_other_imagenet_networks(network):
    sizes, operations, params, trainable = IMAGENET[network]
    model = models.msdnet(
        growth=16, factors=SCALES, num_classes=1000, input_shape=(224, 224, 3), **sizes
    )
    profile = costs.profile(model, "op_counter")
    assert (profile.ops_blockwise / 1e6).tolist() == pytest.approx(operations, abs=0.0051)
    with_biases = profile.params + sizes["channels"]
    assert (with_biases / 1e6).tolist() == pytest.approx(params, abs=0.00051)
    assert with_biases.iloc[-1] == trainable


def exits_after(model):
    """1-based numbers of the layers the segments end with."""
    return [int(segment.layers[-1].name.split("_")[1]) + 1 for segment in model.segments]


def kernels_and_biases(model):
    return sum(math.prod(w.shape) for w in model.trainable_weights if w.name in ("kernel", "bias"))


def test_msdnet38_of_the_papers():
    # author_code.md section 2.4; 000 says 72e6 parameters and 001 6.6e9 FLOPs, which count a MAC
    # twice.
    model = models.build("msdnet38")
    assert exits_after(model) == [10, 17, 24, 31, 38]
    assert kernels_and_biases(model) / 1e6 == pytest.approx(71.6, abs=0.05)
    assert sum(map(kernels_and_biases, model.heads)) / 1e6 == pytest.approx(55, abs=0.5)
    macs = costs.profile(model).macs_blockwise
    assert (macs / macs.iloc[-1]).tolist() == pytest.approx(
        [0.251, 0.475, 0.701, 0.909, 1], abs=0.0005
    )
    assert 3.25 < macs.iloc[-1] / 1e9 < 3.35


@pytest.mark.parametrize(
    ("name", "layers", "lowest", "highest"),
    # Exits of 001 and 000 appendix B. MACs of author_code.md section 2.4, depending on how the
    # heads' odd sizes are rounded; the papers say 4.5e9 and 4.0e9 FLOPs, twice that.
    [("msdnet33", [5, 12, 19, 26, 33], 2.3, 2.4), ("msdnet32", [4, 11, 18, 25, 32], 2.0, 2.1)],
)
def test_smaller_networks_of_the_papers(name, layers, lowest, highest):
    model = models.build(name)
    assert exits_after(model) == layers
    assert lowest < costs.profile(model).macs_blockwise.iloc[-1] / 1e9 < highest


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("msdnet33", [9, 15, 21, 27, 33]),
        ("msdnet32", [11, 18, 25, 32]),
        ("msdnet23", [7, 11, 15, 19, 23]),
    ],
)
def test_exits_in_the_authors_code(name, layers):
    # author_code.md section 2.4.
    model = models.build(
        name, preset="author_code", num_classes=2, input_shape=(32, 32, 3), growth=2, channels=2
    )
    assert exits_after(model) == layers


def test_every_number_of_the_papers_networks_can_be_set():
    # The authors' CIFAR network of 18 layers (author_code.md section 2.4).
    model = models.build(
        "msdnet38",
        blocks=(6, 6, 6),
        s=2,
        growth=6,
        channels=12,
        factors=(1, 2, 4),
        head_width=128,
        num_classes=10,
        input_shape=(32, 32, 3),
        preset="author_code",
    )
    assert exits_after(model) == [6, 8, 10, 12, 14, 16, 18]
    # Channels of scale 0: 12 and 5 layers of 6, then halved; a layer of 6 on; of the others twice
    # and four times as many.
    assert [x.shape[-1] for x in model.segments[0].outputs] == [42, 84, 168]
    assert [x.shape[-1] for x in model.segments[1].outputs] == [2 * (21 + 6), 4 * (21 + 6)]
    assert model.heads[-1].get_layer("head_1_conv").filters == 128


@pytest.mark.parametrize(
    ("name", "overrides", "received"),
    [
        ("msdnet-cifar-b0", {}, "b=0"),
        ("msdnet-cifar-b7", {"growth": 0}, "growth=0"),
        ("msdnet-cifar-b7", {"prune": "all"}, "prune='all'"),
        ("msdnet-imagenet-k0", {}, "k=0"),
        ("msdnet37", {}, "depth=37"),
        ("msdnet38", {"blocks": (10, 10, 18)}, r"blocks=\(10, 10, 18\)"),
        ("msdnet38", {"growth": 0}, "growth=0"),
        ("msdnet38", {"preset": "mine"}, "preset='mine'"),
    ],
)
def test_bad_arguments_are_refused(name, overrides, received):
    with pytest.raises(ValueError, match=f"Received: {received}"):
        models.build(name, **overrides)


def test_default_classes_are_those_of_the_data():
    assert models.build("msdnet-imagenet-k2").num_classes == 1000
    assert models.build("msdnet-cifar-b2").num_classes == 10
