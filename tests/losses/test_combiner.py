"""Two replicas equal one device on the same global batch: losses, gradients, averages."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ann import losses


def compiled(make, weighting):
    keras.utils.set_random_seed(1)
    model = make()
    model.compile(optimizer=keras.optimizers.SGD(0.5), weighting=weighting)
    return model


@pytest.mark.parametrize("name", list(losses.schemes()))
def test_two_replicas_equal_one_device(name, dense_chain, two_replicas, random):
    x, y = random.normal(size=(32, 4)).astype("float32"), random.integers(0, 3, 32)
    one = compiled(dense_chain, name)
    with two_replicas.scope():
        two = compiled(dense_chain, name)
    for mine, theirs in zip(two.weights, one.weights, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    histories = [
        model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0).history
        for model in (one, two)
    ]
    for key in histories[0]:
        np.testing.assert_allclose(histories[1][key], histories[0][key], rtol=1e-5, err_msg=key)
    # Equal weights after 8 steps of SGD: so were the gradients.
    for mine, theirs in zip(two.weights, one.weights, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6, err_msg=theirs.path)


def test_averages_are_those_of_the_global_batch_on_every_replica(dense_chain, two_replicas):
    with two_replicas.scope():
        combiner = losses.LossCombiner(losses.AdaLoss(), 2)

    @tf.function
    def step():
        def replica():
            index = tf.cast(
                tf.distribute.get_replica_context().replica_id_in_sync_group, tf.float32
            )
            return combiner(tf.stack([1.0 + 2 * index, 4.0]), training=True)

        return two_replicas.run(replica)

    step()
    for copy in two_replicas.experimental_local_results(combiner.state["running_losses"].value):
        np.testing.assert_allclose(copy, [2, 4])


def test_configuration_round_trip():
    combiner = losses.LossCombiner(losses.AdaLoss(gamma=0.3), 4)
    again = losses.LossCombiner.from_config(combiner.get_config())
    assert again.scheme.gamma == 0.3
    assert again.num_exits == 4
