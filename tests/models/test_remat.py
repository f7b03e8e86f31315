"""Segments that are computed twice: the numbers of a plain chain."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ann import models


@pytest.mark.parametrize("name", ["resann-n1-c4", "msdnet-cifar-b2"])
def test_training_gives_the_same_numbers(name, random):
    x, y = random.normal(size=(4, 16, 16, 3)).astype("float32"), np.arange(4)
    trained = []
    for rematerialize in (False, True):
        keras.utils.set_random_seed(0)
        model = models.build(name, num_classes=4, input_shape=(16, 16, 3))
        model.rematerialize = rematerialize
        model.compile(keras.optimizers.SGD(0.01), weighting="adaloss")
        for _ in range(2):
            loss = model.train_on_batch(x, y)[0]
        trained.append((model, loss))
    (plain, plain_loss), (again, loss) = trained
    assert loss == pytest.approx(plain_loss, rel=1e-5)
    for one, other in zip(again.weights, plain.weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5, err_msg=one.path)


def test_the_maps_of_a_segment_are_not_kept():
    """What crosses from the forward to the backward pass is what the tape saves: with
    rematerialization no map inside of a segment is among the inputs of its gradient.
    """
    model = models.build("resann-n1-c4", num_classes=4, input_shape=(16, 16, 3))
    convolutions = []
    for rematerialize in (False, True):
        model.rematerialize = rematerialize

        @tf.function
        def gradients(x):
            with tf.GradientTape() as tape:
                loss = sum(tf.reduce_sum(logits) for logits in model(x, training=True))
            return tape.gradient(loss, [v.value for v in model.trainable_variables])

        graph = gradients.get_concrete_function(tf.zeros((2, 16, 16, 3))).graph
        convolutions.append(sum(one.type == "Conv2D" for one in graph.get_operations()))
    plain, again = convolutions
    assert again > 1.5 * plain  # forward convolutions are in the graph twice
