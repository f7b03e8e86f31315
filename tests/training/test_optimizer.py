import keras
import numpy as np
import pytest
import tensorflow as tf

from ann import models
from ann.training import L2SGD, KernelAdamW


def variables():
    return [
        keras.Variable(np.full(2, value, "float32"), name=name)
        for name, value in (("kernel", 2.0), ("bias", 3.0), ("gamma", 4.0))
    ]


def test_l2_is_in_the_gradient_of_kernels_only():
    kernel, bias, gamma = variables()
    optimizer = L2SGD(learning_rate=0.1, momentum=0.9, l2=0.5)
    optimizer.build([kernel, bias, gamma])
    for _ in range(2):
        optimizer.apply([tf.fill([2], 1.0)] * 3)
    # Kernel: v1 = -0.1 (1 + 0.5 * 2) = -0.2, w = 1.8; v2 = 0.9 v1 - 0.1 (1 + 0.5 * 1.8) = -0.37, w
    # = 1.43.
    np.testing.assert_allclose(kernel.numpy(), [1.43, 1.43], rtol=1e-6)
    # Others: v1 = -0.1; v2 = -0.19.
    np.testing.assert_allclose(bias.numpy(), [2.71, 2.71], rtol=1e-6)
    np.testing.assert_allclose(gamma.numpy(), [3.71, 3.71], rtol=1e-6)


def test_equals_a_penalty_of_half_l2_times_the_squared_norm(dense_chain, random):
    x, y = random.normal(size=(16, 4)).astype("float32"), random.integers(0, 3, 16)

    def trained(optimizer, penalty):
        keras.utils.set_random_seed(0)
        model = dense_chain()
        if penalty:
            for link in (*model.segments, *model.heads):
                link.layers[-1].kernel.regularizer = keras.regularizers.L2(penalty / 2)
        model.compile(optimizer=optimizer, weighting="const")
        model.fit(x, y, batch_size=4, epochs=3, shuffle=False, verbose=0)
        return model.get_weights()

    ours = trained(L2SGD(0.1, momentum=0.9, l2=0.01), 0)
    keras_penalty = trained(keras.optimizers.SGD(0.1, momentum=0.9), 0.01)
    for mine, theirs in zip(ours, keras_penalty, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)


def test_two_replicas_decay_once(dense_chain, two_replicas, random):
    x, y = random.normal(size=(16, 4)).astype("float32"), random.integers(0, 3, 16)

    def trained():
        keras.utils.set_random_seed(0)
        model = dense_chain()
        model.compile(optimizer=L2SGD(0.1, l2=0.1), weighting="const")
        return model

    one = trained()
    with two_replicas.scope():
        two = trained()
    for model in (one, two):
        model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    for mine, theirs in zip(two.weights, one.weights, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)


def test_configuration_round_trip():
    optimizer = L2SGD(0.2, momentum=0.8, l2=3e-4)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer))
    assert (again.l2, again.momentum) == (3e-4, 0.8)
    assert float(again.learning_rate) == np.float32(0.2)


def test_all_decays_biases_and_normalization_too():
    optimizer = L2SGD(learning_rate=0.1, momentum=0.0, l2=0.5, decay_on="all")
    kernel, bias, gamma = variables()
    optimizer.build([kernel, bias, gamma])
    optimizer.apply([tf.fill([2], 0.0)] * 3)
    for variable, start in ((kernel, 2.0), (bias, 3.0), (gamma, 4.0)):
        np.testing.assert_allclose(variable, [0.95 * start] * 2, rtol=1e-6)


def test_nesterov_by_hand():
    kernel, bias, gamma = variables()
    optimizer = L2SGD(learning_rate=0.1, momentum=0.9, l2=0.0, nesterov=True)
    optimizer.build([kernel, bias, gamma])
    optimizer.apply([tf.fill([2], 1.0)] * 3)
    # v = -0.1; w = 2 + 0.9 v - 0.1
    np.testing.assert_allclose(kernel, [1.81, 1.81], rtol=1e-6)


@pytest.mark.parametrize(("decay_on", "spared"), [("kernels", True), ("all", False)])
def test_adamw_decays_kernels_only(decay_on, spared):
    kernel, bias, gamma = variables()
    optimizer = KernelAdamW(learning_rate=0.1, weight_decay=0.5, decay_on=decay_on)
    optimizer.build([kernel, bias, gamma])
    optimizer.apply([tf.fill([2], 0.0)] * 3)  # without a gradient Adam itself does not move
    np.testing.assert_allclose(kernel, [2 * 0.95] * 2, rtol=1e-6)
    for variable, start in ((bias, 3.0), (gamma, 4.0)):
        np.testing.assert_allclose(variable, [start * (1 if spared else 0.95)] * 2, rtol=1e-6)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer))
    assert (again.decay_on, again.weight_decay) == (decay_on, 0.5)


@pytest.mark.parametrize("optimizer", [L2SGD, KernelAdamW])
def test_what_a_weighting_learns_is_never_decayed(optimizer, dense_chain):
    model = dense_chain()
    model.compile(optimizer(decay_on="all"), weighting="uncertainty")
    (learned,) = model.loss_combiner.trainable_variables
    before = np.asarray(learned) + 1
    learned.assign(before)
    model.optimizer.apply([tf.zeros(v.shape) for v in model.trainable_variables])
    np.testing.assert_array_equal(learned, before)
    assert np.abs(model.trainable_variables[0]).max() > 0


def test_another_decay_on_is_refused():
    for optimizer in (L2SGD, KernelAdamW):
        with pytest.raises(ValueError, match="decay_on must be one of"):
            optimizer(decay_on="biases")


def test_the_linear_layers_of_the_heads_decay_by_the_weight_of_their_exit():
    # With no gradient a step takes 0.1 * 0.5 * factor off.
    model = models.build("resann-n1-c4", input_shape=(8, 8, 3))
    optimizer = L2SGD(0.1, momentum=0.0, l2=0.5, exit_decay=[0.0, 0.5, 1.0])
    model.compile(optimizer=optimizer)
    for variable in model.trainable_variables:
        variable.assign(keras.ops.ones(variable.shape))
    optimizer.apply([keras.ops.zeros(one.shape) for one in model.trainable_variables])
    for head, factor in zip(model.heads, (1.0, 0.975, 0.95), strict=True):
        kernel, bias = head.layers[-1].weights
        np.testing.assert_allclose(kernel, np.full(kernel.shape, factor), rtol=1e-6)
        np.testing.assert_allclose(bias, np.full(bias.shape, factor), rtol=1e-6)
    left = {one.path: float(keras.ops.max(one)) for one in model.segments[0].trainable_variables}
    assert {value for path, value in left.items() if path.endswith("kernel")} == {np.float32(0.95)}
    assert {value for path, value in left.items() if "bn" in path} == {1.0}


def test_the_weights_of_the_exits_must_be_as_many_as_the_heads():
    model = models.build("resann-n1-c4", input_shape=(8, 8, 3))
    with pytest.raises(ValueError, match="Received: 3 variables linear/kernel"):
        model.compile(optimizer=L2SGD(0.1, exit_decay=[1.0, 1.0]))
