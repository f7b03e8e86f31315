import keras
import numpy as np
import pytest

from ann import costs, models
from ann.exits import every


def test_all_13_networks_of_the_papers_are_listed():
    # 002 appendix A.
    sizes = [
        (7, 16),
        (7, 32),
        (9, 16),
        (9, 32),
        (9, 64),
        (9, 128),
        (13, 16),
        (13, 32),
        (13, 64),
        (17, 16),
        (17, 32),
        (25, 16),
        (25, 32),
    ]
    assert {name for name in models.names() if name.startswith("resann-")} == {
        f"resann-n{n}-c{c}" for n, c in sizes
    }


@pytest.mark.parametrize("n", [7, 9, 13, 17, 25])
def test_exits_as_in_the_papers(n):
    # The placement depends on the depth alone, so that one narrow network stands for all of it.
    model = models.build(f"resann-n{n}-c2")
    assert model.num_exits == (25 if n == 25 else 3 * n)
    assert [int(s.layers[-1].name.split("_")[1]) for s in model.segments] == every(
        3 * n, 3 if n == 25 else 1
    )


def test_shapes_and_convolutions():
    model = models.build("resann-n2-c4", num_classes=7)
    assert [s.output_shape[1:] for s in model.segments] == [(32, 32, 4)] * 2 + [(16, 16, 8)] * 2 + [
        (8, 8, 16)
    ] * 2
    convolutions = [
        layer
        for s in model.segments
        for layer in s.layers
        if isinstance(layer, keras.layers.Conv2D)
    ]
    assert len(convolutions) == 6 * 2 + 1
    assert not any(layer.use_bias for layer in convolutions)
    assert model.num_classes == 7


def test_the_network_of_002_has_convolutions_between_its_stages():
    model = models.build("resann-n2-c4", preset="sieve")
    convolutions = [
        layer
        for s in model.segments
        for layer in s.layers
        if isinstance(layer, keras.layers.Conv2D)
    ]
    assert len(convolutions) == 6 * 2 + 3  # 002 section 4.1
    assert [s.output_shape[1:] for s in model.segments] == [(32, 32, 4)] * 2 + [(16, 16, 8)] * 2 + [
        (8, 8, 16)
    ] * 2
    macs = costs.profile(model).macs_blockwise.diff()
    # Less the heads, of 10 times the channels. A unit costs the same in each stage; the third and
    # the fifth follow a convolution of stride 2.
    assert (macs[1] - 40, macs[3] - 80, macs[5] - 160) == (294912, 294912, 294912)
    assert macs[2] - 80 == macs[4] - 160 == 294912 + 73728


def test_presets():
    paper, author_code = (
        models.build("resann-n1-c4", preset=preset) for preset in ("paper", "author_code")
    )
    assert [w.name for w in author_code.heads[0].weights] == ["kernel", "bias"]
    assert len(paper.heads[0].weights) == 6
    assert len(author_code.segments[0].weights) == len(paper.segments[0].weights) + 4


@pytest.mark.parametrize(
    ("depth", "exits_after"),
    # author_code.md section 2.2, 1-based units.
    [
        (26, [2, 4, 6, 8]),
        (50, [2, 4, 6, 8, 10, 12, 14, 16]),
        (101, list(range(3, 34, 3))),
        (14, [1, 2, 3, 4]),
    ],
)
def test_ilsvrc_exits(depth, exits_after, zero_kernels):
    model = models.build(f"resann{depth}", num_classes=1000)
    assert [int(s.layers[-1].name.split("_")[1]) + 1 for s in model.segments] == exits_after
    assert model.segments[-1].output_shape[1:] == (7, 7, 2048)


@pytest.mark.parametrize("depth", [18, 34, 152])
def test_the_other_depths_build(depth, zero_kernels):
    model = models.build(f"resann{depth}", num_classes=3, input_shape=(64, 64, 3))
    assert model.segments[-1].output_shape[1:] == (2, 2, 2048 if depth == 152 else 512)


def test_period_and_other_sizes():
    assert models.build("resann-n3-c4", s=4).num_exits == 3
    assert models.build("resann-n3-c4", s=9).num_exits == 1
    assert models.build("resann-n9-c16", n=1, c=2).num_exits == 3
    small = models.build("resann-n1-c2", input_shape=(8, 8, 1), num_classes=3)
    assert [logits.shape for logits in small(np.zeros((2, 8, 8, 1), "float32"))] == [(2, 3)] * 3


@pytest.mark.parametrize(
    ("name", "overrides", "received"),
    [
        ("resnet50", {}, "model='resnet50'"),
        ("resann51", {}, "depth=51"),
        ("resann50", {"s": 17}, "s=17"),
        ("resann-n0-c16", {}, "n=0"),
        ("resann-n1-c0", {}, "c=0"),
        ("resann-n1-c4", {"s": 4}, "s=4"),
        ("resann-n1-c4", {"num_classes": 0}, "num_classes=0"),
        ("resann-n1-c4", {"preset": "mine"}, "preset='mine'"),
    ],
)
def test_bad_arguments_are_refused(name, overrides, received):
    with pytest.raises(ValueError, match=f"Received: {received}"):
        models.build(name, **overrides)
