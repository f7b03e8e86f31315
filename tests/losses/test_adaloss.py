"""AdaLoss against numbers by hand and docs/author_code.md."""

import numpy as np
import pytest
from keras import ops

from ann.losses import AdaLoss, AdaLossFirstOrder, LossCombiner

RUNNING = [2.0, 1.5, 1.0, 0.8, 0.9]


@pytest.mark.parametrize(
    ("final_extra", "expected"),
    [
        (0.0, [0.43, 0.557, 0.81, 1, 0.894]),
        (0.5, [0.324, 0.415, 0.597, 0.734, 1]),
        (1.0, [0.251, 0.318, 0.452, 0.553, 1]),
    ],
)
def test_weights_from_running_losses(final_extra, expected):
    np.testing.assert_allclose(
        AdaLoss(gamma=0.05, final_extra=final_extra).weights_from(RUNNING), expected, atol=5e-4
    )


def test_equation_7_with_alpha_the_smallest_loss():
    running, gamma = np.array(RUNNING), 0.15
    expected = running.min() * (1 - gamma) / running + gamma
    np.testing.assert_allclose(AdaLoss(gamma=gamma).weights_from(running), expected, rtol=1e-6)


def test_gamma_1_is_const_and_gamma_0_balances_the_losses():
    np.testing.assert_allclose(AdaLoss(gamma=1).weights_from(RUNNING), np.ones(5))
    np.testing.assert_allclose(
        AdaLoss(gamma=0).weights_from(RUNNING) * RUNNING, np.full(5, 0.8), rtol=1e-6
    )


def test_a_loss_of_zero_takes_the_largest_weight():
    np.testing.assert_allclose(
        AdaLoss(gamma=0.05).weights_from([0.0, 1.0, 0.0]), [1, 0.05, 1], atol=1e-6
    )


def test_averages_start_at_the_first_losses_and_move_by_momentum():
    combiner = LossCombiner(AdaLoss(momentum=0.75), 2)
    combiner(np.array([4.0, 2.0], "float32"), training=True)
    np.testing.assert_allclose(combiner.state["running_losses"], [4, 2])
    combiner(np.array([2.0, 2.0], "float32"), training=True)
    np.testing.assert_allclose(combiner.state["running_losses"], [3.5, 2])
    np.testing.assert_allclose(combiner.exit_weights, AdaLoss().weights_from([3.5, 2.0]), rtol=1e-6)


def test_update_period():
    """Weights are 1 for the first steps and change every third; the averages move at each step."""
    combiner = LossCombiner(AdaLoss(momentum=0.5, update_every=3), 2)
    seen = []
    for first in (8.0, 4.0, 2.0, 1.0, 1.0, 1.0):
        combiner(np.array([first, 1.0], "float32"), training=True)
        seen.append(float(ops.convert_to_numpy(combiner.exit_weights)[0]))
    # Averages of the first loss: 8, 6, 4, 2.5, 1.75, 1.375.
    expected = [0.95 / average + 0.05 for average in (4, 1.375)]
    np.testing.assert_allclose(
        seen, [1, 1, expected[0], expected[0], expected[0], expected[1]], rtol=1e-6
    )


def test_no_gradient_flows_through_the_weights():
    import tensorflow as tf

    combiner = LossCombiner(AdaLoss(), 3)
    values = tf.constant([2.0, 1.0, 0.5])
    with tf.GradientTape() as tape:
        tape.watch(values)
        total = combiner(values, training=True)
    np.testing.assert_allclose(tape.gradient(total, values), combiner.exit_weights, rtol=1e-6)


def test_gamma_falls_from_1_to_its_value():
    """000 appendix B: start as CONST, end as AdaLoss."""
    combiner = LossCombiner(AdaLoss(gamma=0.2, momentum=0.0, anneal_steps=4), 2)
    seen = []
    for _ in range(6):
        combiner(np.array([4.0, 1.0], "float32"), training=True)
        seen.append(float(ops.convert_to_numpy(combiner.exit_weights)[0]))
    gammas = [0.8, 0.6, 0.4, 0.2, 0.2, 0.2]  # 0.2 + 0.8 (1 - t/4) after step t
    np.testing.assert_allclose(seen, [(1 - g) / 4 + g for g in gammas], rtol=1e-6)


def test_first_order_balances_gradient_norms():
    combiner = LossCombiner(AdaLossFirstOrder(gamma=0.0), 2)
    combiner(np.array([1.0, 1.0], "float32"), np.array([4.0, 2.0], "float32"), training=True)
    np.testing.assert_allclose(combiner.exit_weights, [0.5, 1], rtol=1e-6)


@pytest.mark.parametrize(
    "options",
    [
        {"anneal_steps": -1},
        {"gamma": float("nan")},
        {"gamma": -0.1},
        {"gamma": 1.1},
        {"momentum": 1},
        {"momentum": -0.1},
        {"update_every": 0},
        {"final_extra": -1},
    ],
)
def test_bad_arguments_are_refused(options):
    (name,) = options
    with pytest.raises(ValueError, match=f"Received: {name}="):
        AdaLoss(**options)
