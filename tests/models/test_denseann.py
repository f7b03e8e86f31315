import keras
import pytest

from ann import models


def layer_number(segment):
    """1-based number of the dense layer a segment ends with."""
    return int(segment.layers[-1].name.split("_")[1]) + 1


@pytest.mark.parametrize(
    ("depth", "exits_after"),
    # 001 appendix B for 169; author_code.md section 2.3 for all.
    [
        (121, [13, 22, 31, 40, 49, 58]),
        (169, [12, 26, 40, 54, 68, 82]),
        (201, [13, 30, 47, 64, 81, 98]),
    ],
)
def test_ilsvrc_exits(depth, exits_after):
    model = models.build(f"denseann{depth}", num_classes=10, input_shape=(64, 64, 3), growth=4)
    assert [layer_number(segment) for segment in model.segments] == exits_after


def test_cifar_network():
    model = models.build("denseann-n4-g6", num_classes=7)
    assert [layer_number(segment) for segment in model.segments] == [3, 6, 9, 12]
    # 12 channels and 4 x 6, halved: 18; and 24, halved: 21; and 24: 45 on an 8 x 8 map.
    assert model.segments[-1].output_shape[1:] == (8, 8, 45)
    assert model.num_classes == 7


def test_presets_differ_in_the_transition():
    """001 appendix B has conv1x1-BN-ReLU; author_code.md section 5a, item 8: BN-ReLU-conv1x1."""
    normalised = {}
    for preset in ("paper", "author_code"):
        model = models.build("denseann-n1-g8", s=1, preset=preset)
        normalised[preset] = model.segments[1].get_layer("transition_1_bn").gamma.shape[0]
    assert normalised == {"paper": 12, "author_code": 24}


def test_dropout_acts_in_training_only():
    model = models.build("denseann-n2-g4", s=2, dropout=0.5)
    dropouts = [
        layer
        for s in model.segments
        for layer in s.layers
        if isinstance(layer, keras.layers.Dropout)
    ]
    assert len(dropouts) == 12
    assert {layer.rate for layer in dropouts} == {0.5}


@pytest.mark.parametrize(
    ("name", "overrides", "received"),
    [
        ("denseann122", {}, "depth=122"),
        ("denseann-n0-g4", {}, "n=0"),
        ("denseann-n2-g0", {}, "g=0"),
        ("denseann-n1-g4", {"s": 4}, "s=4"),
        ("denseann-n2-g4", {"dropout": 1.0}, "dropout=1.0"),
        ("denseann-n2-g4", {"preset": "mine"}, "preset='mine'"),
    ],
)
def test_bad_arguments_are_refused(name, overrides, received):
    with pytest.raises(ValueError, match=f"Received: {received}"):
        models.build(name, **overrides)
