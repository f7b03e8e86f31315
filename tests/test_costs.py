"""Counts by hand.

A 3x3 convolution from a to b channels on h x w outputs costs 9abhw MACs, a linear layer inputs x
outputs.
"""

import keras
import pytest

from ann import costs, models
from ann.models import MultiExitModel

pytestmark = pytest.mark.usefixtures("zero_kernels")


def test_resann_n1_c16_by_hand():
    model = models.build("resann-n1-c16")
    profile = costs.profile(model)
    stem = 9 * 3 * 16 * 32 * 32
    unit0 = 2 * 9 * 16 * 16 * 32 * 32
    unit1 = (9 * 16 * 32 + 9 * 32 * 32) * 16 * 16
    unit2 = (9 * 32 * 64 + 9 * 64 * 64) * 8 * 8
    heads = [160, 320, 640]
    assert profile.macs_pruned.tolist() == [
        stem + unit0 + heads[0],
        stem + unit0 + unit1 + heads[1],
        stem + unit0 + unit1 + unit2 + heads[2],
    ]
    assert profile.macs_incremental.tolist() == [
        stem + unit0 + heads[0],
        stem + unit0 + unit1 + sum(heads[:2]),
        stem + unit0 + unit1 + unit2 + sum(heads),
    ]
    assert profile.macs_blockwise.tolist() == profile.macs_incremental.tolist()
    # Kernels, 2 parameters a normalised channel (2 layers a unit, 1 a head), linear layers with
    # bias.
    convolutions = [9 * 3 * 16 + 2 * 9 * 256, 9 * 16 * 32 + 9 * 1024, 9 * 32 * 64 + 9 * 4096]
    norms = [2 * (16 + 16) + 32, 2 * (16 + 32) + 64, 2 * (32 + 64) + 128]
    linear = [170, 330, 650]
    expected = [a + b + c for a, b, c in zip(convolutions, norms, linear, strict=True)]
    assert profile.params.tolist() == [sum(expected[: k + 1]) for k in range(3)]
    assert profile.params.iloc[-1] == sum(int(keras.ops.size(w)) for w in model.trainable_weights)


@pytest.mark.parametrize(
    ("name", "convolutions_m", "kernels_m"),
    # author_code.md section 2.1: multiply-adds and parameters of the convolutions, in millions,
    # rounded.
    [
        ("resann-n7-c16", 97, 0.66),
        ("resann-n7-c32", 388, 2.62),
        ("resann-n9-c16", 125, 0.85),
        ("resann-n9-c32", 501, 3.39),
    ],
)
def test_published_resann_costs(name, convolutions_m, kernels_m):
    model = models.build(name)
    final = costs.profile(model).iloc[-1]
    assert final.macs_pruned / 1e6 == pytest.approx(convolutions_m, abs=0.5)
    kernels = sum(
        int(keras.ops.size(w))
        for w in model.trainable_weights
        if w.name == "kernel" and len(w.shape) == 4
    )
    assert kernels / 1e6 == pytest.approx(kernels_m, abs=0.006)  # 654,768 stands there as .66


@pytest.mark.parametrize(
    ("name", "giga", "shares"),
    # author_code.md sections 2.2 and 2.3: multiply-adds of the convolutions in the authors' code,
    # in units of 1e9, rounded. Sections 2.2 and 4: the shares of the first exits, of the
    # convolutions alone; ours include the heads, hence the tolerance.
    [
        ("resann26", 2.34, [0.243, 0.495, 0.747, 1]),
        ("resann50", 4.09, [0.139, 0.283, 0.390, 0.535, 0.642, 0.749, 0.893, 1]),
        ("denseann121", 2.83, []),
        ("denseann169", 3.36, [0.46]),
        ("denseann201", 4.29, []),
    ],
)
def test_published_ilsvrc_costs(name, giga, shares):
    profile = costs.profile(models.build(name, num_classes=1000, preset="author_code"))
    assert profile.macs_pruned.iloc[-1] / 1e9 == pytest.approx(giga, abs=0.006)
    of_last = profile.macs_incremental / profile.macs_incremental.iloc[-1]
    assert of_last.tolist()[: len(shares)] == pytest.approx(shares, abs=0.005)


def test_densenet121_to_the_digit():
    # As other code counts, the plain DenseNet-121 has 2,834,161,664 MACs and 7,978,856 trainable
    # parameters.
    model = models.build("denseann121", num_classes=1000, s=58, preset="author_code")
    (row,) = costs.profile(model).itertuples()
    assert (row.macs_pruned, row.params) == (2_834_161_664, 7_978_856)
    assert costs.depths(model) == [121]


def test_depths_are_those_in_the_names():
    # 001: a ResNet of 3n units has 6n + 2 layers; ResNet26 to 101 and DenseNet121 are named by
    # depth.
    assert costs.depths(models.build("resann-n3-c4")) == [2 + 2 * units for units in range(1, 10)]
    # A projection in the shortcut does not make it deeper.
    assert costs.depths(models.build("resann26", preset="author_code")) == [8, 14, 20, 26]


def test_pruned_leaves_out_what_an_answer_does_not_need():
    # Two branches cross the cut; the first head reads one of them only, the second head the other.
    inputs = keras.Input((4,))
    segment = keras.Model(inputs, [keras.layers.Dense(5)(inputs), keras.layers.Dense(7)(inputs)])
    left, right = keras.Input((5,)), keras.Input((7,))
    head = keras.Model([left, right], keras.layers.Dense(2)(left))
    left, right = keras.Input((5,)), keras.Input((7,))
    second = keras.Model([left, right], keras.layers.Dense(3)(right))
    one = keras.Input((3,))
    model = MultiExitModel(
        [segment, second], [head, keras.Model(one, keras.layers.Dense(2)(one))], (4,)
    )
    profile = costs.profile(model)
    assert profile.macs_pruned.tolist() == [20 + 10, 28 + 21 + 6]
    assert profile.macs_incremental.tolist() == [30, 30 + 55]
    assert profile.macs_blockwise.tolist() == [20 + 28 + 10, 20 + 28 + 10 + 21 + 6]
    assert profile.macs_lazy.tolist() == [20 + 28 + 10, 20 + 28 + 21 + 6]  # one head each


def test_grouped_and_shared_layers_and_plain_layers_as_links():
    inputs = keras.Input((8, 8, 4))
    convolution = keras.layers.Conv2D(4, 3, padding="same", groups=2)
    segment = keras.Model(inputs, convolution(convolution(inputs)))
    head = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2)])
    model = MultiExitModel([segment], [head], (8, 8, 4))
    assert costs.profile(model).macs_pruned.tolist() == [2 * 64 * 9 * 2 * 4 + 256 * 2]
    model = MultiExitModel([keras.layers.Dense(3)], [keras.layers.Dense(2)], (4,))
    assert costs.profile(model).macs_pruned.tolist() == [12 + 6]


def test_op_counter_by_hand():
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.ReLU()(keras.layers.Conv2D(4, 3, padding="same")(inputs))
    x = keras.layers.MaxPooling2D(3, strides=2, padding="same")(x)
    x = keras.layers.Conv2D(5, 1, activation="relu")(x)
    segment = keras.Model(inputs, keras.layers.Activation("tanh")(x))
    head = keras.Sequential([keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2)])
    model = MultiExitModel([segment], [head], (8, 8, 3))
    convolutions = 64 * 9 * 3 * 4 + 16 * 4 * 5
    (row,) = costs.profile(model, "op_counter").itertuples()
    # ReLUs, 3x3 pooling to 4x4 maps, ReLU within the convolution; global pooling of 16 positions,
    # linear layer with bias.
    assert row.ops_pruned == convolutions + 64 * 4 + 9 * 16 * 4 + 16 * 5 + 16 * 5 + 5 * 2 + 2
    assert costs.profile(model).macs_pruned.tolist() == [convolutions + 10]
    with pytest.raises(ValueError, match="Received: convention='flops'"):
        costs.profile(model, "flops")


def test_what_the_op_counter_cannot_count_is_refused_by_name():
    inputs = keras.Input((5, 4))
    segment = keras.Model(inputs, Scaled(name="own")(inputs))
    model = MultiExitModel([segment], [keras.layers.Flatten()], (5, 4))
    with pytest.raises(ValueError, match="needs a rule for every layer, and the layer 'own'"):
        costs.profile(model, "op_counter")
    assert costs.profile(model).macs_pruned.item() == 0


class Scaled(keras.layers.Layer):
    def call(self, x):
        return 2 * x


def test_profiling_leaves_the_model_alone():
    model = models.build("resann-n1-c4")
    before = model.segments[0].get_layer("stem_conv").output
    costs.profile(model)
    assert model.segments[0].get_layer("stem_conv").output is before


def macs(*rows, shape):
    """MACs of a Sequential segment and a head without any."""
    segment = keras.Sequential([keras.Input(shape), *rows])
    head = keras.Sequential([keras.layers.Flatten()])
    return costs.profile(MultiExitModel([segment], [head], shape)).macs_pruned.item()


def test_rules_by_hand():
    layers = keras.layers
    same = {"padding": "same"}
    # 3x3 on 8x8 positions of 4 channels; a stride of 2 leaves 16 positions; a transposed
    # convolution starts from all 64.
    assert (
        macs(layers.DepthwiseConv2D(3, depth_multiplier=2, **same), shape=(8, 8, 4))
        == 64 * 9 * 4 * 2
    )
    assert macs(layers.SeparableConv2D(6, 3, strides=2, **same), shape=(8, 8, 4)) == 16 * (
        9 * 4 + 4 * 6
    )
    assert macs(layers.Conv2D(6, 3, groups=2, **same), shape=(8, 8, 4)) == 64 * 9 * 2 * 6
    assert macs(layers.Conv2DTranspose(6, 3, strides=2, **same), shape=(8, 8, 4)) == 64 * 9 * 4 * 6
    assert macs(layers.EinsumDense("abc,cde->abde", (5, 2, 3)), shape=(5, 4)) == 5 * 4 * 2 * 3
    assert macs(layers.EinsumDense("...x,xy->...y", 3), shape=(5, 4)) == 5 * 4 * 3
    assert (
        macs(layers.Embedding(10, 4), layers.Dense(3), layers.LayerNormalization(), shape=(5,))
        == 5 * 4 * 3
    )


def test_attention_between_two_lengths_by_hand():
    queries, values = keras.Input((6, 8)), keras.Input((5, 4))
    segment = keras.Model(
        [queries, values], keras.layers.MultiHeadAttention(2, 3, value_dim=7)(queries, values)
    )
    first = keras.Input((6, 8))
    lengthened = keras.Model(first, [first, keras.layers.Cropping1D((0, 1))(first[:, :, :4])])
    model = MultiExitModel(
        [lengthened, segment], [keras.Model([queries, values], queries[:, 0]), MeanHead()], (6, 8)
    )
    linear = 6 * 8 * 2 * 3 + 5 * 4 * 2 * 3 + 5 * 4 * 2 * 7 + 6 * 2 * 7 * 8
    assert costs.profile(model).macs_pruned.tolist() == [0, linear + 6 * 5 * 2 * (3 + 7)]


def MeanHead():
    return keras.layers.GlobalAveragePooling1D()


def test_operations_and_sub_models_are_walked():
    inputs = keras.Input((8, 8, 4))
    inner = keras.Input((8, 8, 4))
    sub_model = keras.Model(inner, keras.layers.Conv2D(4, 1)(inner))
    x = sub_model(keras.ops.relu(inputs + 3.0) * (1 / 6))
    model = MultiExitModel(
        [keras.Model(inputs, sub_model(x))], [keras.layers.GlobalAveragePooling2D()], (8, 8, 4)
    )
    assert costs.profile(model).macs_pruned.tolist() == [2 * 64 * 16]


def test_a_rule_can_be_added_and_goes_before_the_graph(monkeypatch):
    assert macs(Scaled(), shape=(5, 4)) == 0
    monkeypatch.setitem(
        costs.MAC_RULES, "Scaled", lambda layer, input_shape, output_shape: input_shape[1]
    )
    assert macs(Scaled(), shape=(5, 4)) == 5


def test_shared_layers_and_sub_models_called_twice():
    # A layer called again later in the graph: its calls are not next to each other.
    inputs, dense = keras.Input((16,)), keras.layers.Dense(16)
    segment = keras.Model(inputs, dense(keras.layers.ReLU()(dense(inputs))))
    model = MultiExitModel([segment], [keras.layers.Dense(2)], (16,))
    assert costs.profile(model).macs_pruned.tolist() == [2 * 16 * 16 + 32]
    # A sub-model, its layers inside another one, on two sizes, one of them open in its definition.
    image = keras.Input((None, None, 3))
    inner = keras.Model(image, keras.layers.Conv2D(3, 3, padding="same")(image))
    twice = keras.Input((None, None, 3))
    outer = keras.Model(twice, inner(keras.layers.MaxPooling2D()(inner(twice))))
    inputs = keras.Input((8, 8, 3))
    model = MultiExitModel(
        [keras.Model(inputs, outer(inputs))], [keras.layers.GlobalAveragePooling2D()], (8, 8, 3)
    )
    assert costs.profile(model).macs_pruned.tolist() == [(64 + 16) * 9 * 3 * 3]
    # Only one of the calls of a shared layer is needed for the first answer.
    inputs = keras.Input((4,))
    dense = keras.layers.Dense(4)
    segment = keras.Model(inputs, [dense(inputs), dense(keras.ops.negative(inputs))])
    left, right = keras.Input((4,)), keras.Input((4,))
    head = keras.Model([left, right], keras.layers.Identity()(left))
    assert costs.profile(MultiExitModel([segment], [head], (4,))).macs_pruned.tolist() == [16]
