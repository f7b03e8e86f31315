"""Exact vectors, by hand and from author_code.md section 1.2."""

import numpy as np
import pytest

from ann import losses


@pytest.mark.parametrize(
    ("scheme", "num_exits", "expected"),
    [
        (losses.Const(), 1, [1]),
        (losses.Const(), 3, [1, 1, 1]),
        (losses.Linear(), 1, [1]),
        (losses.Linear(), 2, [0.25, 1]),
        (losses.Linear(), 15, [0.25 + 0.75 * i / 14 for i in range(15)]),
        (losses.HalfEnd(), 1, [1]),
        (losses.HalfEnd(), 2, [1, 1]),
        (losses.HalfEnd(), 15, [1 / 14] * 14 + [1]),
        (losses.Opt(), 3, [0, 0, 1]),
        (losses.Opt(at=0), 3, [1, 0, 0]),
        (losses.Opt(at=-2), 3, [0, 1, 0]),
    ],
)
def test_vectors(scheme, num_exits, expected):
    weights = scheme.weights(num_exits)
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights, expected, rtol=1e-6)


def test_author_code_linear_values():
    # author_code.md: .25 .3036 .3571 ... .9464 1 for 15 exits.
    np.testing.assert_allclose(losses.Linear().weights(15)[[0, 1, 2, 13, 14]], [0.25, 0.3036, 0.3571, 0.9464, 1], atol=5e-5)


@pytest.mark.parametrize("at", [3, -4])
def test_opt_outside_the_exits_is_refused_before_a_step(at):
    with pytest.raises(ValueError, match=f"Received: at={at}"):
        losses.LossCombiner(losses.Opt(at=at), 3)


def test_no_exits_are_refused():
    with pytest.raises(ValueError, match="Received: num_exits=0"):
        losses.Const().weights(0)
