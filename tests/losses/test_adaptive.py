"""The rivals of AdaLoss, by hand from their definitions."""

import keras
import numpy as np
import pytest
from keras import ops

from ann.losses import (
    DynamicWeightAverage,
    GradNorm,
    LogLoss,
    LossCombiner,
    RandomLossWeighting,
    Uncertainty,
)
from ann.training import L2SGD


def step(combiner, values, *norms):
    combiner(np.array(values, "float32"), *(np.array(n, "float32") for n in norms), training=True)
    return ops.convert_to_numpy(combiner.exit_weights)


def test_log_loss_weighs_by_the_losses_of_the_batch():
    combiner = LossCombiner(LogLoss(), 3)
    step(combiner, [9.0, 9.0, 9.0])
    np.testing.assert_allclose(step(combiner, [4.0, 2.0, 1.0]), [0.25, 0.5, 1], rtol=1e-6)


def test_uncertainty_loss_and_gradient_by_hand():
    import tensorflow as tf

    combiner = LossCombiner(Uncertainty(), 2)
    losses = np.array([2.0, 1.0], "float32")
    with tf.GradientTape() as tape:
        total = combiner(losses, training=True)
    # sum l / (2 e^s) + s / 2 at s = -0.5.
    assert float(total) == pytest.approx(3 * np.exp(0.5) / 2 - 0.5)
    (variable,) = combiner.trainable_variables
    np.testing.assert_allclose(
        tape.gradient(total, variable.value), -losses * np.exp(0.5) / 2 + 0.5, rtol=1e-6
    )


def test_uncertainty_is_learned_with_the_network_and_not_decayed(dense_chain, random):
    model = dense_chain()
    model.compile(optimizer=L2SGD(0.1, l2=10.0), weighting="uncertainty")
    assert sum(w.path.endswith("log_variances") for w in model.trainable_variables) == 1
    model.fit(random.normal(size=(16, 4)), random.integers(0, 3, 16), epochs=3, verbose=0)
    learned = model.loss_combiner.state["log_variances"].numpy()
    # Losses are near ln 3: s moves up, towards ln l = 0.09, which a decay of 10 would not let it.
    assert (learned > -0.5).all()


def test_dwa_by_hand():
    # K softmax((1/2, 1) / 2) with K = 2: e^.25 and e^.5 over their sum.
    expected = 2 * np.exp([0.25, 0.5]) / np.exp([0.25, 0.5]).sum()
    np.testing.assert_allclose(
        DynamicWeightAverage().weights_from([1.0, 3.0], [2.0, 3.0]), expected, rtol=1e-6
    )


def test_dwa_averages_over_epochs_and_starts_with_the_third():
    combiner = LossCombiner(DynamicWeightAverage(steps_per_epoch=2), 2)
    seen = [
        step(combiner, values)
        for values in ([3, 3], [1, 3], [0.5, 3], [1.5, 3], [7, 7], [7, 7], [1, 1])
    ]
    np.testing.assert_allclose(seen[:4], np.ones((4, 2)))
    third = DynamicWeightAverage().weights_from([1.0, 3.0], [2.0, 3.0])
    np.testing.assert_allclose(seen[4:6], [third, third], rtol=1e-6)
    np.testing.assert_allclose(
        seen[6], DynamicWeightAverage().weights_from([7.0, 7.0], [1.0, 3.0]), rtol=1e-6
    )


def test_random_weights_change_and_repeat_with_the_seed():
    def run(seed):
        combiner = LossCombiner(RandomLossWeighting(seed=seed), 3)
        return np.array([step(combiner, [1, 1, 1]) for _ in range(4)])

    np.testing.assert_array_equal(run(0), run(0))
    assert (run(0) != run(1)).all()
    assert len(np.unique(run(0))) == 12


def test_gradnorm_by_hand():
    """Equal losses: the larger gradient loses weight, learning rate times its relative norm."""
    combiner = LossCombiner(GradNorm(learning_rate=0.1), 2)
    # Norms 3 and 1: mean 2, relative 1.5 and 0.5, signs + and -: 1 - .15 and 1 + .05, scaled to the
    # sum 2.
    np.testing.assert_allclose(
        step(combiner, [1.0, 1.0], [3.0, 1.0]), np.array([0.85, 1.05]) * 2 / 1.9, rtol=1e-5
    )


def test_gradnorm_favours_the_exit_that_lags():
    combiner = LossCombiner(GradNorm(), 2)
    step(combiner, [1.0, 1.0], [1.0, 1.0])
    weights = step(combiner, [1.0, 0.5], [1.0, 1.0])
    assert weights[0] > weights[1]


@pytest.mark.parametrize(
    ("cls", "options"),
    [
        (DynamicWeightAverage, {"steps_per_epoch": 0}),
        (DynamicWeightAverage, {"temperature": 0}),
        (GradNorm, {"alpha": -1}),
        (GradNorm, {"learning_rate": -1}),
    ],
)
def test_bad_arguments_are_refused(cls, options):
    (name,) = options
    with pytest.raises(ValueError, match=f"Received: {name}="):
        cls(**options)


@pytest.mark.parametrize("weighting", ["gradnorm", "adaloss_first_order"])
def test_norms_are_those_of_each_exit_alone(weighting, dense_chain, random, monkeypatch):
    """The norms that reach the scheme equal those of separate backward passes."""
    import tensorflow as tf

    from ann.losses import exit_cross_entropies

    x, y = random.normal(size=(8, 4)).astype("float32"), random.integers(0, 3, 8)
    model = dense_chain()
    model.compile(optimizer=keras.optimizers.SGD(0.0), weighting=weighting)
    seen = []
    scheme = type(model.loss_combiner.scheme)
    original = scheme.step
    monkeypatch.setattr(scheme, "step", lambda *args: seen.append(args[-1]) or original(*args))
    model.train_step((tf.constant(x), tf.constant(y)))
    expected = []
    for index in range(3):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(exit_cross_entropies(y, model(x, training=True))[index])
        gradients = tape.gradient(loss, [w.value for w in model.segments[0].trainable_variables])
        expected.append(np.sqrt(sum(float(tf.reduce_sum(g**2)) for g in gradients)))
    np.testing.assert_allclose(seen[0], expected, rtol=1e-5)


@pytest.mark.parametrize("weighting", ["gradnorm", "adaloss_first_order"])
def test_gradient_norms_are_refused_where_there_are_none(dense_chain, weighting):
    model = dense_chain()
    for mode in ("no_grad", "heads"):
        with pytest.raises(ValueError, match=f"Received: training_mode='{mode}'"):
            model.compile(weighting=weighting, training_mode=mode)
    model.segments[0].trainable = False
    with pytest.raises(ValueError, match="without trainable variables"):
        model.compile(weighting=weighting)
