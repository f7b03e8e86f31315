"""What has no rule is counted from the graph it traces; another counter agrees."""

import functools

import keras
import numpy as np
import pytest
from keras import layers, ops

from ann import costs
from ann.models import MultiExitModel
from benchmarks.independent_macs import independent_macs


def chain(link, shape):
    inputs = keras.Input(shape)
    outputs = link(inputs)
    head = keras.Sequential([layers.Flatten()])
    return MultiExitModel([keras.Model(inputs, outputs)], [head], shape)


class Mixing(layers.Layer):
    """Each pair of positions, and a loop of three steps over a linear map."""

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1],) * 2)

    def call(self, x):
        x = ops.einsum("blc,bmc->blm", x, x) @ x
        step = lambda i, y: ops.matmul(y, self.kernel)
        return ops.fori_loop(0, 3, step, x)


TRACED = {  # layer or function, shape of its input, MACs
    "custom": (Mixing(), (5, 4), 2 * 5 * 5 * 4 + 3 * 5 * 4 * 4),
    "matmul": (lambda x: ops.matmul(x, ops.transpose(x, (0, 2, 1))), (5, 4), 5 * 5 * 4),
    "einsum": (lambda x: ops.einsum("blc,bmc->blm", x, x), (5, 4), 5 * 5 * 4),
    "dot": (lambda x: layers.Dot(axes=(2, 2))([x, x]), (5, 4), 5 * 5 * 4),
    "attention": (lambda x: layers.Attention()([x, x]), (5, 4), 2 * 5 * 5 * 4),
    "time distributed": (layers.TimeDistributed(layers.Dense(3)), (5, 4), 5 * 4 * 3),
    "grouped attention": (
        lambda x: layers.GroupQueryAttention(4, 2, 1)(x, x),
        (5, 4),
        5 * 4 * (8 + 4 + 4 + 8) + 2 * 5 * 5 * 2 * 4,
    ),
    "lambda": (layers.Lambda(lambda x: x * 2), (5, 4), 0),
    "cell by cell": (
        lambda x: layers.RNN(layers.StackedRNNCells([layers.GRUCell(3), layers.LSTMCell(2)]))(x),
        (5, 4),
        5 * (3 * 3 * (4 + 3) + 4 * 2 * (3 + 2)),
    ),
    "convolution LSTM": (
        layers.ConvLSTM1D(2, 3, padding="same"),
        (5, 6, 4),
        5 * 6 * 3 * (4 * 2 * 4 + 2 * 2 * 4),
    ),
    "preprocessing": (layers.CategoryEncoding(4, output_mode="multi_hot"), (3,), 0),
}
RULES = {
    "lstm": (layers.LSTM(3), (5, 4), 5 * 4 * 3 * (4 + 3)),
    "gru": (layers.GRU(3, return_sequences=True), (5, 4), 5 * 3 * 3 * (4 + 3)),
    "bidirectional": (layers.Bidirectional(layers.LSTM(3)), (5, 4), 2 * 5 * 4 * 3 * (4 + 3)),
    "conv3d": (layers.Conv3D(2, 3, padding="same"), (4, 4, 4, 3), 64 * 27 * 3 * 2),
    "conv3d transposed": (
        layers.Conv3DTranspose(2, 3, strides=2, padding="same"),
        (4, 4, 4, 3),
        64 * 27 * 3 * 2,
    ),
}


@pytest.mark.parametrize("name", [*TRACED, *RULES])
def test_by_hand(name):
    link, shape, macs = {**TRACED, **RULES}[name]
    model = chain(link, shape)
    assert costs.profile(model).macs_pruned.tolist() == [macs]
    table = costs.by_layer(model)
    assert set(table[table.macs > 0].counted) <= {"traced" if name in TRACED else "rule"}


def test_rules_agree_with_what_is_traced(monkeypatch):
    from ann.costs import count

    kinds = [
        (layers.Conv2D(6, 3, groups=2, strides=2, padding="same"), (8, 8, 4)),
        (layers.Conv2DTranspose(6, 3, strides=2, padding="same"), (8, 8, 4)),
        (layers.DepthwiseConv2D(3, depth_multiplier=2), (8, 8, 4)),
        (layers.SeparableConv2D(6, 3), (8, 8, 4)),
        (layers.EinsumDense("abc,cd->abd", (5, 3)), (5, 4)),
        (lambda x: layers.MultiHeadAttention(2, 3, value_dim=5)(x, x), (6, 4)),
        (layers.LSTM(3), (5, 4)),
        (layers.Bidirectional(layers.GRU(3)), (5, 4)),
        (layers.Conv3D(2, 3), (4, 4, 4, 3)),
    ]
    models = [chain(*kind) for kind in kinds]
    by_rule = [costs.profile(model).macs_pruned.item() for model in models]
    monkeypatch.setattr(count, "rule_of", lambda layer: None)
    assert [costs.profile(model).macs_pruned.item() for model in models] == by_rule


def test_a_layer_that_is_named_like_one_of_keras_has_no_rule_of_it():
    Dense = type(
        "Dense", (layers.Layer,), {"call": lambda self, x: ops.matmul(x, ops.ones((4, 9)))}
    )
    model = chain(Dense(), (5, 4))
    assert costs.profile(model).macs_pruned.tolist() == [5 * 4 * 9]


def test_counting_leaves_the_layer_alone():
    class Counting(layers.Layer):
        def build(self, input_shape):
            self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

        def call(self, x):
            self.calls.assign_add(1.0)
            self.add_loss(ops.sum(x))
            return ops.matmul(x, ops.transpose(x, (0, 2, 1)))

    layer = Counting()
    model = chain(layer, (5, 4))
    before = float(layer.calls)
    assert costs.profile(model).macs_pruned.tolist() == [5 * 5 * 4]
    assert float(layer.calls) == before
    assert not layer.losses


def test_a_loop_of_unknown_length_is_refused_by_name():
    class Halting(layers.Layer):
        def call(self, x):
            going = lambda y: ops.sum(y) < 100.0
            grow = lambda y: (ops.matmul(y, ops.ones((4, 4))),)
            return ops.while_loop(going, grow, (x,))[0]

        def compute_output_shape(self, input_shape):
            return input_shape

    with pytest.raises(ValueError, match=r"'halting' \(Halting\) cannot be counted: the number of"):
        costs.profile(chain(Halting(name="halting"), (5, 4)))


def test_open_sizes_are_fixed_by_input_shape():
    inputs = keras.Input((None, None, 3))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, padding="same")(inputs))
    head = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    model = MultiExitModel([keras.Model(inputs, x)], [head], (None, None, 3))
    with pytest.raises(ValueError, match="sizes must be fixed; `input_shape=`"):
        costs.profile(model)
    profile = costs.profile(model, input_shape=(8, 6, 3))
    assert profile.macs_pruned.tolist() == [8 * 6 * 27 * 4 + 8]


def small_networks():
    image = (32, 32, 3)
    make = functools.partial
    yield make(keras.applications.MobileNetV3Small, weights=None, input_shape=image), image
    yield make(keras.applications.DenseNet121, weights=None, input_shape=image), image

    def transformer():
        tokens = keras.Input((6, 8))
        x = layers.MultiHeadAttention(2, 4)(tokens, tokens)
        x = layers.LSTM(5, return_sequences=True, unroll=True)(x)
        return keras.Model(tokens, ops.einsum("blc,bmc->blm", x, x))

    yield transformer, (6, 8)


@pytest.mark.parametrize("index", range(3))
def test_another_counter_agrees(index):
    make, shape = list(small_networks())[index]
    plain = make()
    model = MultiExitModel([plain], [layers.Flatten()], shape)
    assert costs.profile(model).macs_pruned.item() == independent_macs(plain)


def test_jax_counts_the_same():
    # The walk over JAX's graphs is pure: it needs no JAX backend.
    jax = pytest.importorskip("jax")
    from ann.costs.traced_jax import traced_macs

    jnp, shape = jax.numpy, ((1, 8, 8, 4), "float32")
    convolution = functools.partial(
        jax.lax.conv_general_dilated,
        window_strides=(2, 2),
        padding="SAME",
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )
    kernel = np.ones((3, 3, 4, 6), "float32")
    assert traced_macs(lambda x: convolution(x, kernel), [shape]) == 16 * 9 * 4 * 6
    scan = lambda x: jax.lax.scan(lambda c, _: (c @ np.ones((4, 4)), None), x, length=7)[0]
    assert traced_macs(scan, [((1, 5, 4), "float32")]) == 7 * 5 * 4 * 4
    branch = lambda x: jax.lax.cond(x.sum() > 0, lambda y: y @ y, lambda y: y, x)
    assert traced_macs(branch, [((4, 4), "float32")]) == 4 * 4 * 4
    jitted = jax.jit(lambda x: jnp.einsum("blc,bmc->blm", x, x))
    assert traced_macs(jitted, [((1, 5, 4), "float32")]) == 5 * 5 * 4
    halting = lambda x: jax.lax.while_loop(lambda y: y.sum() < 9, lambda y: y @ y, x)
    with pytest.raises(ValueError, match="depends on the data"):
        traced_macs(halting, [((4, 4), "float32")])
