"""The contract of every sampler, and each by hand (002 appendix D, docs/author_code.md)."""

import json

import keras
import numpy as np
import pytest
from keras import ops

from ann import losses
from ann.losses import AANN, AVGL, EXP3, RWM, Const, LossCombiner, Milestone, Sieve
from ann.losses.counter_random import normal, uniform
from ann.losses.samplers import rewards

NAMES = list(losses.samplers())


def probabilities_of(combiner):
    return ops.convert_to_numpy(combiner.exit_probabilities)


@pytest.mark.parametrize("num_exits", [1, 2, 3, 15, 75])
@pytest.mark.parametrize("name", NAMES)
def test_probabilities_form_a_distribution(name, num_exits, random):
    combiner = LossCombiner(Sieve(), num_exits, losses.get_sampler(name))
    for _ in range(4):
        total = float(combiner(random.uniform(0.1, 3, num_exits).astype("float32"), training=True))
        assert np.isfinite(total)
        assert probabilities_of(combiner).sum() == pytest.approx(1, rel=1e-4)
        assert (probabilities_of(combiner) >= 0).all()


@pytest.mark.parametrize("values", [[0.0, 0.0, 0.0], [1e30, 1e-30, 1.0], [0.0, 1.0, 2.0]])
@pytest.mark.parametrize("name", NAMES)
def test_zero_and_huge_losses_leave_a_distribution(name, values):
    combiner = LossCombiner(Const(), 3, losses.get_sampler(name))
    for _ in range(50):
        combiner(np.array(values, "float32"), training=True)
    assert probabilities_of(combiner).sum() == pytest.approx(1, rel=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_the_extra_weight_is_tau_times_the_sum_of_all(name):
    combiner = LossCombiner(Const(), 4, losses.samplers()[name](tau=0.25))
    losses_of_exits = np.array([1.0, 10.0, 100.0, 1000.0], "float32")
    extra = float(combiner(losses_of_exits, training=True)) - losses_of_exits.sum()
    assert np.isclose(extra, losses_of_exits, rtol=1e-4).sum() == 1  # 0.25 * 4 * one of them


@pytest.mark.parametrize("name", NAMES)
def test_configuration_round_trip(name):
    sampler = losses.samplers()[name](tau=0.3, seed=4)
    again = keras.saving.deserialize_keras_object(
        json.loads(json.dumps(keras.saving.serialize_keras_object(sampler)))
    )
    assert type(again) is type(sampler)
    assert again.get_config() == sampler.get_config()


@pytest.mark.parametrize("name", NAMES)
def test_resumed_in_the_middle_takes_the_same_next_step(name, random):
    combiner, resumed = (LossCombiner(Sieve(), 9, losses.get_sampler(name)) for _ in range(2))
    for _ in range(4):
        combiner(random.uniform(0.1, 3, 9).astype("float32"), training=True)
    resumed.set_weights(combiner.get_weights())
    values = random.uniform(0.1, 3, 9).astype("float32")
    assert float(resumed(values, training=True)) == float(combiner(values, training=True))


@pytest.mark.parametrize("name", NAMES)
def test_two_replicas_equal_one_device(name, dense_chain, two_replicas, random):
    x, y = random.normal(size=(32, 4)).astype("float32"), random.integers(0, 3, 32)

    def compiled():
        keras.utils.set_random_seed(1)
        model = dense_chain()
        model.compile(optimizer=keras.optimizers.SGD(0.5), weighting="sieve", sampler=name)
        return model

    one = compiled()
    with two_replicas.scope():
        two = compiled()
    for model in (one, two):
        model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    for mine, theirs in zip(two.weights, one.weights, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6, err_msg=theirs.path)


def test_draws_follow_the_distribution():
    combiner = LossCombiner(Sieve(), 4, AANN(tau=1.0))
    # SIEVE of 4: 1 2 1 4, over 8.
    draws = []
    for _ in range(800):
        total = float(combiner(np.array([1.0, 10.0, 100.0, 1000.0], "float32"), training=True))
        base = np.dot([0.25, 0.5, 0.25, 1], [1, 10, 100, 1000])
        draws.append(round(np.log10((total - base) / 2)))
    np.testing.assert_allclose(
        np.bincount(draws, minlength=4) / 800, [1 / 8, 1 / 4, 1 / 8, 1 / 2], atol=0.06
    )


def test_milestone_by_hand():
    sampler = Milestone()
    expected = np.full(16, 0.5 / 12)
    expected[[4, 8, 12, 15]] = 1 / 8
    np.testing.assert_allclose(
        sampler.probabilities({}, np.ones(16, "float32")), expected, rtol=1e-6
    )
    np.testing.assert_allclose(
        sampler.probabilities({}, np.ones(5, "float32")), np.full(5, 0.2), rtol=1e-6
    )


def test_rewards_by_hand():
    # (2 - 1) / 2, (1 - 0.75) / 1, and 0.8 times the larger.
    np.testing.assert_allclose(
        rewards(ops.convert_to_tensor([2.0, 1.0, 0.75]), 0.8), [0.5, 0.25, 0.4], rtol=1e-6
    )
    np.testing.assert_allclose(rewards(ops.convert_to_tensor([1.0, 2.0]), 0.8), [-1, 0])
    np.testing.assert_allclose(rewards(ops.convert_to_tensor([1.0]), 0.8), [0])


SCORES, REWARD = np.array([0.5, 0.3, 0.2], "float32"), np.array([0.5, 0.25, 0.4], "float32")
CHOSEN, PROBABILITIES = (
    np.array([0.0, 1.0, 0.0], "float32"),
    np.array([0.45, 0.31, 0.24], "float32"),
)


@pytest.mark.parametrize(
    ("sampler", "expected"),
    [
        (EXP3(gamma=0.3), SCORES * np.exp([0, 0.3 * 0.25 / (3 * 0.31), 0])),
        (RWM(gamma=0.3), SCORES * np.exp(0.1 * REWARD / PROBABILITIES)),
        (RWM(rate=0.15), SCORES * np.exp(0.15 * REWARD)),
    ],
)
def test_exponentiated_scores_by_hand(sampler, expected):
    scores = sampler.new_scores(
        *map(ops.convert_to_tensor, (SCORES, REWARD, CHOSEN, PROBABILITIES))
    )
    np.testing.assert_allclose(scores, expected / expected.sum(), rtol=1e-5)


def test_avgl_by_hand():
    scores = AVGL().new_scores(
        *map(
            ops.convert_to_tensor,
            (SCORES, np.array([-6, 0.25, 0.4], "float32"), CHOSEN, PROBABILITIES),
        )
    )
    np.testing.assert_allclose(scores, [0, 0.295, 0.22], rtol=1e-5)
    state = {"scores": scores}
    np.testing.assert_allclose(
        AVGL().probabilities(state, CHOSEN), np.array([0, 0.295, 0.22]) / 0.515, atol=1e-6
    )
    mixed = 0.7 * np.array([0, 0.295, 0.22]) / 0.515 + 0.1
    np.testing.assert_allclose(AVGL(gamma=0.3).probabilities(state, CHOSEN), mixed, rtol=1e-4)


def test_exploration_is_mixed_in():
    probabilities = EXP3(gamma=0.3).probabilities({"scores": ops.convert_to_tensor(SCORES)}, SCORES)
    np.testing.assert_allclose(probabilities, 0.7 * SCORES + 0.1, rtol=1e-5)


def test_scores_keep_their_floor():
    scores = EXP3(floor=0.1).new_scores(
        *map(ops.convert_to_tensor, (SCORES, REWARD, CHOSEN, PROBABILITIES))
    )
    without = EXP3().new_scores(
        *map(ops.convert_to_tensor, (SCORES, REWARD, CHOSEN, PROBABILITIES))
    )
    np.testing.assert_allclose(scores, 0.9 * np.array(without) + 0.1 / 3, rtol=1e-6)


def test_scores_do_not_move_before_start_after():
    sampler = EXP3(start_after=3)
    combiner = LossCombiner(Const(), 3, sampler)
    scores = []
    for _ in range(5):
        combiner(np.array([3.0, 1.0, 0.9], "float32"), training=True)
        scores.append(ops.convert_to_numpy(combiner.sampler_state["scores"]).copy())
    np.testing.assert_allclose(scores[:3], np.full((3, 3), 1 / 3), rtol=1e-6)
    assert np.abs(scores[4] - 1 / 3).max() > 1e-3


def test_no_regret_learners_find_the_exit_worth_training():
    for sampler in (EXP3(), RWM(), AVGL()):
        combiner = LossCombiner(Const(), 5, sampler)
        for _ in range(300):
            combiner(np.array([2.0, 1.9, 0.5, 0.49, 0.48], "float32"), training=True)
        assert probabilities_of(combiner).argmax() == 1


def test_counter_random_numbers():
    """Uniform in moments and over counters; published moments of the two distributions."""
    numbers = ops.convert_to_numpy(uniform(0, ops.convert_to_tensor(5, "int32"), 20000))
    assert 0 < numbers.min() < numbers.max() < 1
    assert numbers.mean() == pytest.approx(1 / 2, abs=0.01)
    assert numbers.var() == pytest.approx(1 / 12, abs=0.003)
    over_steps = [float(uniform(0, ops.convert_to_tensor(i, "int32"), 1)[0]) for i in range(500)]
    assert np.mean(over_steps) == pytest.approx(1 / 2, abs=0.05)
    assert abs(np.corrcoef(over_steps[:-1], over_steps[1:])[0, 1]) < 0.1
    gaussian = ops.convert_to_numpy(normal(1, ops.convert_to_tensor(0, "int32"), 20000))
    assert gaussian.mean() == pytest.approx(0, abs=0.03)
    assert gaussian.std() == pytest.approx(1, abs=0.03)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="Received: tau=-1"):
        AANN(tau=-1)
    with pytest.raises(ValueError, match="Received: gamma=2"):
        EXP3(gamma=2)
    with pytest.raises(ValueError, match="aann, milestone.*Received: sampler='thompson'"):
        losses.get_sampler("thompson")
