import numpy as np
import pytest

from ann import costs, models
from ann.layers import DropPath


def test_drops_whole_samples_and_keeps_the_mean():
    outputs = np.asarray(DropPath(0.25, seed=0)(np.ones((4000, 2, 2, 1), "float32"), training=True))
    of_sample = outputs.reshape(4000, -1)
    assert set(np.unique(of_sample)) == {0, np.float32(1 / 0.75)}
    assert (of_sample == of_sample[:, :1]).all()
    assert (of_sample[:, 0] == 0).mean() == pytest.approx(0.25, abs=0.03)


def test_does_nothing_when_not_training():
    images = np.ones((3, 2), "float32")
    np.testing.assert_array_equal(DropPath(0.9)(images), images)


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_rates_out_of_range_are_refused(rate):
    with pytest.raises(ValueError, match="rate must be in"):
        DropPath(rate)
    with pytest.raises(ValueError, match="drop_path must be in"):
        models.build("resann-n1-c4", drop_path=rate)


@pytest.mark.parametrize("preset", ["paper", "author_code", "sieve"])
def test_the_rate_rises_linearly_with_depth(preset):
    model = models.build("resann-n2-c4", drop_path=0.3, preset=preset)
    rates = [
        layer.rate
        for segment in model.segments
        for layer in segment.layers
        if isinstance(layer, DropPath)
    ]
    np.testing.assert_allclose(rates, 0.3 * np.arange(1, 7) / 6)


def test_the_network_is_the_same_when_it_answers(random):
    plain, dropping = models.build("resann-n1-c4"), models.build("resann-n1-c4", drop_path=0.5)
    dropping.set_weights(plain.get_weights())
    x = random.normal(size=(2, 32, 32, 3)).astype("float32")
    for mine, theirs in zip(dropping(x), plain(x), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert costs.profile(dropping).equals(costs.profile(plain))


def test_the_state_of_the_random_numbers_is_a_variable_of_the_model():
    """So it is in the checkpoints of a run, and a resumed run draws what it would have drawn."""
    model = models.build("resann-n1-c4", drop_path=0.5)
    layer = next(one for one in model.segments[0].layers if isinstance(one, DropPath))
    assert any(one is layer.seed_generator.state for one in model.variables)
    state = np.asarray(layer.seed_generator.state)
    images = np.ones((64, 1), "float32")
    expected = np.asarray(layer(images, training=True))
    assert (np.asarray(layer(images, training=True)) != expected).any()
    layer.seed_generator.state.assign(state)
    np.testing.assert_array_equal(layer(images, training=True), expected)


def test_families_without_residual_units_refuse_it():
    with pytest.raises(ValueError, match="drop_path"):
        models.build("msdnet-cifar-b7", drop_path=0.1)
