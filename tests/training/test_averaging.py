"""The exponential average of the weights: by hand, evaluated, saved and resumed."""

import keras
import numpy as np
import pytest

from ann.training import EvaluateAverage, averaged_weights


def compiled(dense_chain, **options):
    keras.utils.set_random_seed(0)
    model = dense_chain()
    options = {"use_ema": True, "ema_momentum": 0.75, **options}
    model.compile(keras.optimizers.SGD(0.5, **options))
    return model


@pytest.fixture
def batch(random):
    return random.normal(size=(8, 4)).astype("float32"), random.integers(0, 3, 8)


def kernel(model):
    return np.asarray(model.segments[0].trainable_variables[0])


def test_the_average_by_hand(dense_chain, batch):
    model, expected = compiled(dense_chain), None
    for _ in range(3):
        model.train_on_batch(*batch)
        trained = kernel(model)
        expected = trained if expected is None else 0.75 * expected + 0.25 * trained
    with averaged_weights(model):
        np.testing.assert_allclose(kernel(model), expected, rtol=1e-5)
    np.testing.assert_array_equal(kernel(model), trained)


class Losses(keras.callbacks.Callback):
    """What the model has while it is evaluated, and while it is trained."""

    def on_test_batch_end(self, batch, logs=None):
        self.evaluated = kernel(self.model)

    def on_epoch_end(self, epoch, logs=None):
        self.trained = kernel(self.model)
        self.logged = logs["val_final_error"]


@pytest.mark.parametrize("kind", ["plain", "replicas", "loss_scale"])
def test_the_average_is_what_is_evaluated_in_fit(dense_chain, batch, two_replicas, kind):
    import contextlib

    with two_replicas.scope() if kind == "replicas" else contextlib.nullcontext():
        model = compiled(dense_chain)
        if kind == "loss_scale":
            inner = keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.75)
            model.compile(keras.optimizers.LossScaleOptimizer(inner))
    seen = Losses()
    for epochs in (1, 2):
        model.fit(
            *batch,
            batch_size=4,
            initial_epoch=epochs - 1,
            epochs=epochs,
            shuffle=False,
            validation_data=batch,
            callbacks=[EvaluateAverage(), seen],
            verbose=0,
        )
    assert (seen.evaluated != seen.trained).any()
    # At its end `fit` itself puts the average into the model.
    np.testing.assert_allclose(kernel(model), seen.evaluated, rtol=1e-6)


def test_evaluating_leaves_training_as_it_was(dense_chain, batch):
    models = [compiled(dense_chain) for _ in range(2)]
    for _ in range(3):
        for model in models:
            model.train_on_batch(*batch)
        models[0].evaluate(*batch, callbacks=[EvaluateAverage()], verbose=0)
    for mine, theirs in zip(models[0].get_weights(), models[1].get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_without_an_average_nothing_changes(dense_chain, batch):
    model = compiled(dense_chain, use_ema=False)
    model.train_on_batch(*batch)
    trained = kernel(model)
    with averaged_weights(model):
        np.testing.assert_array_equal(kernel(model), trained)
