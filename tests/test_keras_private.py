"""Each use of Keras's private API, by name: what fails here has changed in Keras."""

import keras
import numpy as np
import pytest

from ann import keras_private

X, Y = np.zeros((4, 2), "float32"), np.zeros((4, 1), "float32")


class OneLayer(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1)
        self(keras.Input((2,)))

    def call(self, inputs):
        return self.dense(inputs)


@pytest.fixture
def model():
    model = OneLayer()
    model.compile(optimizer="sgd", loss="mse")
    model.fit(X, Y, verbose=0)
    return model


def test_tracker_takes_a_sublayer_into_a_built_model(model):
    for units in (3, 5):
        layer = keras.layers.Dense(units)
        layer.build((None, 2))
        keras_private.replace_sublayer(model, "extra", layer)
        assert sum(w is layer.kernel for w in model.weights) == 1
        assert len(model.weights) == 4  # the one before is gone
    with pytest.raises(ValueError, match="cannot add new elements of state"):
        model.other = keras.layers.Dense(1)


def test_loss_tracker_holds_the_mean_loss(model):
    model.reset_metrics()
    keras_private.track_loss(model, 3.0, 1)
    keras_private.track_loss(model, 1.0, 3)
    assert float(model.get_metrics_result()["loss"]) == 1.5


def test_flatten_metrics_in_order_makes_the_lists_of_results():
    class Ordered(keras_private.ResultsInOrder, keras.Sequential):
        metrics_names = ("mae", "loss")

    model = Ordered([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse", metrics=["mae"])
    named = model.evaluate(X + 1, Y, verbose=0, return_dict=True)
    assert model.evaluate(X + 1, Y, verbose=0) == [named["mae"], named["loss"]]
    assert model.test_on_batch(X + 1, Y) == [named["mae"], named["loss"]]


def test_keras_mask_is_what_a_masked_tensor_carries():
    masked = keras.layers.Masking()(keras.Input((3, 2)))
    assert tuple(keras_private.mask_of(masked).shape) == (None, 3)
    assert keras_private.mask_of(keras.Input((2,))) is None


def test_get_variable_index_is_the_position_in_the_list(model):
    variables = model.trainable_variables
    assert [keras_private.variable_index(model.optimizer, v) for v in variables] == [0, 1]


def test_nodes_are_the_calls_of_a_functional_model():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    (node,) = [node for node in keras_private.nodes(model) if not node.is_input]
    assert node.operation is model.layers[1]
    assert node.arguments.args == (inputs,)
    assert node.input_tensors == [inputs]
    assert node.outputs == model.outputs
