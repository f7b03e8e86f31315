"""The contract of every weighting scheme, from the one list `losses.schemes()`."""

import json

import keras
import numpy as np
import pytest
from keras import ops

from ann import losses
from ann.losses import LossCombiner

NAMES = list(losses.schemes())
COUNTS = [1, 2, 3, 15, 75]


def step_losses(num_exits, random):
    return random.uniform(0.1, 3, num_exits).astype("float32")


def take_step(combiner, values):
    """A training step on given losses; norms are made up for the schemes that need them."""
    norms = [np.sqrt(np.abs(values)) + 0.1] if combiner.scheme.needs_gradient_norms else []
    return float(combiner(values, *norms, training=True))


def weights_of(combiner):
    return ops.convert_to_numpy(combiner.exit_weights)


@pytest.mark.parametrize("num_exits", COUNTS)
@pytest.mark.parametrize("name", NAMES)
def test_weights_are_finite_and_not_negative(name, num_exits, random):
    combiner = LossCombiner(losses.get(name), num_exits)
    for _ in range(3):
        total = take_step(combiner, step_losses(num_exits, random))
        weights = weights_of(combiner)
        assert weights.shape == (num_exits,)
        assert np.isfinite(weights).all()
        assert (weights >= 0).all()
        assert weights.max() > 0
        assert np.isfinite(total)


# Sum of the weights of K exits where the source fixes it; half the inverse of the first variance,
# exp(-0.5), for uncertainty.
FIXED_SUM = {"dwa": 15, "rlw": 15, "gradnorm": 15, "uncertainty": 15 * 0.5 * np.exp(0.5)}


@pytest.mark.parametrize("name", NAMES)
def test_learning_rates_carry_over(name, random):
    """The largest weight is 1, as schedules made for a single loss assume (001 appendix C.1), or
    the sum is the source's."""
    combiner = LossCombiner(losses.get(name), 15)
    take_step(combiner, step_losses(15, random))
    if name in FIXED_SUM:
        assert weights_of(combiner).sum() == pytest.approx(FIXED_SUM[name], rel=1e-5)
    else:
        assert weights_of(combiner).max() == pytest.approx(1)


@pytest.mark.parametrize("values", [[0.0, 0.0, 0.0], [0.0, 1.0, 2.0], [1e30, 1e-30, 1.0]])
@pytest.mark.parametrize("name", NAMES)
def test_zero_and_huge_losses_leave_finite_weights(name, values):
    combiner = LossCombiner(losses.get(name), 3)
    for _ in range(3):
        take_step(combiner, np.array(values, "float32"))
        assert np.isfinite(weights_of(combiner)).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_nan_loss_reaches_the_total(name):
    combiner = LossCombiner(losses.get(name), 3)
    assert np.isnan(take_step(combiner, np.array([1.0, np.nan, 2.0], "float32")))


@pytest.mark.parametrize("name", NAMES)
def test_configuration_round_trip(name):
    config = keras.saving.serialize_keras_object(losses.get(name))
    again = keras.saving.deserialize_keras_object(json.loads(json.dumps(config)))
    assert type(again) is losses.schemes()[name]
    assert keras.saving.serialize_keras_object(again) == config


@pytest.mark.parametrize("name", NAMES)
def test_resumed_in_the_middle_takes_the_same_next_step(name, random):
    combiner, resumed = (LossCombiner(losses.get(name), 5) for _ in range(2))
    for _ in range(4):
        take_step(combiner, step_losses(5, random))
    resumed.set_weights(combiner.get_weights())
    values = step_losses(5, random)
    assert take_step(resumed, values) == take_step(combiner, values)
    for mine, theirs in zip(resumed.get_weights(), combiner.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("name", NAMES)
def test_evaluation_uses_the_last_weights_and_changes_nothing(name, random):
    combiner = LossCombiner(losses.get(name), 4)
    take_step(combiner, step_losses(4, random))
    before = combiner.get_weights()
    values = step_losses(4, random)
    assert float(combiner(values, training=False)) == pytest.approx(
        (weights_of(combiner) * values).sum(), rel=1e-6
    )
    for mine, theirs in zip(combiner.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_all_the_names_of_the_papers_and_their_rivals_are_there():
    papers = "const linear half_end quarter_half sieve sieve_v2 exp_lin exp_base opt adaloss"
    rivals = "log_loss uncertainty dwa rlw gradnorm"
    assert {*papers.split(), *rivals.split()} <= set(NAMES)


def test_unknown_names_are_refused_with_the_known():
    with pytest.raises(
        ValueError, match=r"const, .*adaloss.*Did you mean 'adaloss'.*Received: weighting='adalos'"
    ):
        losses.get("adalos")


def test_what_is_no_name_is_refused_the_same_way():
    with pytest.raises(ValueError, match=r"a Scheme or one of const.*Received: weighting=\[1, 2\]"):
        losses.get([1, 2])


def test_a_scheme_is_taken_as_it_is():
    scheme = losses.AdaLoss(gamma=0.2)
    assert losses.get(scheme) is scheme
