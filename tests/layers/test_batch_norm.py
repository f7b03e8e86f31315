"""The fused layer equals Keras's: outputs, gradients, moving statistics, and configuration."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ann.layers import BatchNormalization

TOLERANCE = {"float32": 2e-5, "mixed_bfloat16": 5e-2, "mixed_float16": 5e-3}


@pytest.fixture
def used(monkeypatch):
    """A list with one entry per call of the fused kernel."""
    calls = []
    kernel = BatchNormalization._kernel
    monkeypatch.setattr(
        BatchNormalization,
        "_kernel",
        lambda *args, **kwargs: calls.append(1) or kernel(*args, **kwargs),
    )
    return calls


def pair(shape, random, **kwargs):
    """Returns Keras's layer and ours with the same weights, which are not the initial ones."""
    layers = [cls(**kwargs) for cls in (keras.layers.BatchNormalization, BatchNormalization)]
    for layer in layers:
        layer.build(shape)
    values = [random.uniform(0.5, 1.5, w.shape).astype("float32") for w in layers[0].weights]
    for layer in layers:
        layer.set_weights(values)
    return layers


def run(layer, x, upstream, training):
    """Returns outputs, gradients, and moving statistics after the call, all in float32.

    The gradients are those with respect to the input and the weights.
    """
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = layer(x, training=training)
        loss = tf.reduce_sum(tf.cast(outputs, tf.float32) * upstream)
    sources = [x, *(w.value for w in layer.trainable_variables)]
    gradients = tape.gradient(loss, sources)
    statistics = [w.value for w in layer.non_trainable_variables]
    return [np.asarray(tf.cast(v, tf.float32)) for v in (outputs, *gradients, *statistics)]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("trainable", [True, False])
@pytest.mark.parametrize("policy", TOLERANCE)
@pytest.mark.parametrize(
    "options", [{}, {"center": False}, {"scale": False}, {"momentum": 0.9, "epsilon": 1e-5}]
)
def test_results_equal_those_of_keras(policy, training, trainable, options, random, used):
    stock, fused = pair((None, 5, 6, 7), random, dtype=policy, **options)
    stock.trainable = fused.trainable = trainable
    x = tf.constant(random.normal(1.5, 2, (4, 5, 6, 7)), tf.float32)
    upstream = tf.constant(random.normal(size=(4, 5, 6, 7)), tf.float32)
    for mine, theirs in zip(
        run(fused, x, upstream, training), run(stock, x, upstream, training), strict=True
    ):
        np.testing.assert_allclose(
            mine,
            theirs,
            rtol=TOLERANCE[policy],
            atol=TOLERANCE[policy] * max(1, np.abs(theirs).max()),
        )
    assert used
    assert fused(x).dtype == stock(x).dtype


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("shape", "policy"),
    [
        ((3, 4, 5, 32), "mixed_bfloat16"),  # The channels fill whole vectors of 16.
        ((3, 4, 6, 6), "mixed_bfloat16"),  # Positions are put side by side to fill the vectors.
        ((3, 3, 3, 24), "mixed_bfloat16"),  # 9 positions cannot be put side by side.
        ((3, None, 4, 24), "mixed_bfloat16"),  # The number of positions is unknown.
        ((3, 4, 6, 6), "bfloat16"),  # The weights are bfloat16, too.
    ],
)
def test_bfloat16_works_with_any_number_of_channels(shape, policy, training, random, used):
    stock, fused = pair(shape, random, dtype=policy)
    x = tf.constant(random.normal(1.5, 2, [size or 5 for size in shape]), tf.float32)
    traced = tf.function(
        lambda x: fused(x, training=training), input_signature=[tf.TensorSpec(shape, x.dtype)]
    )
    expected = stock(x, training=training)
    np.testing.assert_allclose(
        tf.cast(traced(x), tf.float32), tf.cast(expected, tf.float32), rtol=2e-2, atol=2e-2
    )
    for mine, theirs in zip(fused.weights, stock.weights, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-2, atol=1e-2)
    assert used


def test_moving_statistics_agree_over_steps_and_for_tiny_batches(random):
    for shape in ((1, 1, 1, 3), (2, 1, 1, 3), (3, 2, 2, 3)):
        stock, fused = pair((None, *shape[1:]), random)
        for _ in range(3):
            x = random.normal(size=shape).astype("float32")
            stock(x, training=True)
            fused(x, training=True)
        for mine, theirs in zip(fused.weights, stock.weights, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)


def test_layer_works_inside_a_compiled_function(random, used):
    stock, fused = pair((None, 4, 4, 3), random)
    x = random.normal(size=(8, 4, 4, 3)).astype("float32")
    np.testing.assert_allclose(
        tf.function(fused)(x, training=True), stock(x, training=True), atol=1e-5
    )
    np.testing.assert_allclose(fused.moving_variance, stock.moving_variance, rtol=1e-5)
    assert used


@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ((2, 3), {}),
        ((2, 4, 3), {}),
        ((2, 3, 4, 4), {"axis": 1}),
        ((2, 4, 4, 3), {"renorm": True}),
        ((2, 4, 4, 3), {"dtype": "float64"}),
    ],
)
def test_layer_falls_back_if_the_kernel_cannot_be_used(shape, options, random, used):
    stock, fused = pair((None, *shape[1:]), random, **options)
    x = random.normal(size=shape)
    np.testing.assert_allclose(fused(x, training=True), stock(x, training=True), atol=1e-5)
    assert not used


def test_layer_falls_back_for_masked_inputs(random, used):
    stock, fused = pair((None, 4, 4, 3), random)
    x = random.normal(size=(2, 4, 4, 3)).astype("float32")
    mask = random.uniform(size=(2, 4, 4)) > 0.5
    np.testing.assert_allclose(
        fused(x, training=True, mask=mask), stock(x, training=True, mask=mask), atol=1e-5
    )
    assert not used


def test_configuration_and_weight_names_are_the_same():
    stock = keras.layers.BatchNormalization(epsilon=1e-4, name="bn")
    fused = BatchNormalization(epsilon=1e-4, name="bn")
    for layer in (stock, fused):
        layer.build((None, 2, 2, 3))
    assert fused.get_config() == stock.get_config()
    assert [w.name for w in fused.weights] == [w.name for w in stock.weights]
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(fused))
    assert type(again) is BatchNormalization
