"""Exact vectors, by hand and from docs/author_code.md."""

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
    # docs/author_code.md: .25 .3036 .3571 ... .9464 1 for 15 exits.
    np.testing.assert_allclose(
        losses.Linear().weights(15)[[0, 1, 2, 13, 14]], [0.25, 0.3036, 0.3571, 0.9464, 1], atol=5e-5
    )


# docs/author_code.md, weights with the final one at 1.
SIEVE_15 = [0.08, 0.04, 0.12, 0.04, 0.08, 0.04, 0.16, 0.04, 0.08, 0.04, 0.12, 0.04, 0.08, 0.04, 1]
EXP_LIN_15 = [
    0.0647,
    0.096,
    0.0334,
    0.1587,
    *[0.0334] * 3,
    0.2839,
    0.0334,
    0.0334,
    0.096,
    *[0.0334] * 3,
    1,
]
SIEVE_V2_16 = [0.0385, 0.0385, 0.0769, 0.0385, 0.1154, 0.0385, 0.0769, 0.0385, 0.1538]
EXP_LIN_16 = [
    0.0625,
    0.0938,
    0.0312,
    0.1562,
    *[0.0312] * 3,
    0.2812,
    *[0.0312] * 3,
    0.0938,
    *[0.0312] * 3,
    1,
]


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        (losses.Sieve(), SIEVE_15),
        (losses.Sieve(), [0.0909, 0.1818, 0.0909, 0.2727, 0.0909, 0.1818, 0.0909, 1]),
        (losses.SieveV2(), [0.04, *SIEVE_15[:13], 1]),
        (losses.SieveV2(), [0.0909, 0.0909, 0.1818, 0.0909, 0.2727, 0.0909, 0.1818, 1]),
        (losses.SieveV2(), [*SIEVE_V2_16, *SIEVE_V2_16[1:7], 1]),
        (losses.ExpLin(), EXP_LIN_15),
        (losses.ExpLin(), EXP_LIN_16),
        (losses.ExpLin(), [0.1333, 0.2, 0.0667, 0.3333, 0.0667, 0.1333, 0.0667, 1]),
        # By hand: 1/4, 1/2 and 1/4 over six exits, times 2.
        (losses.QuarterHalf(), [0.5, *[1 / 12] * 6, 1]),
        (losses.ExpBase(2), [2.0**-k for k in range(4, -1, -1)]),
        (losses.ExpBase(0.5), [2.0**-k for k in range(5)]),
    ],
)
def test_published_vectors(scheme, expected):
    np.testing.assert_allclose(scheme.weights(len(expected)), expected, atol=5e-5)


STATIC = [cls for cls in losses.schemes().values() if issubclass(cls, losses.StaticScheme)]


@pytest.mark.parametrize("num_exits", [1, 2, 3, 15, 75])
@pytest.mark.parametrize("cls", STATIC)
def test_normalisations_are_multiples_of_the_definition(cls, num_exits):
    largest, total, raw = (
        cls(normalize=normalize).weights(num_exits) for normalize in ("largest", "sum", None)
    )
    assert largest.max() == pytest.approx(1)
    assert total.sum() == pytest.approx(1, rel=1e-5)
    np.testing.assert_allclose(total / total.max(), largest, rtol=1e-5)
    np.testing.assert_allclose(raw / raw.max(), largest, rtol=1e-5)
    if cls is not losses.Opt:
        assert (raw > 0).all()


@pytest.mark.parametrize("cls", [losses.Sieve, losses.SieveV2, losses.ExpLin, losses.HalfEnd])
@pytest.mark.parametrize("num_exits", [2, 3, 15, 75])
def test_the_final_exit_weighs_as_much_as_all_others(cls, num_exits):
    weights = cls().weights(num_exits)
    assert weights[:-1].sum() == pytest.approx(1, rel=1e-5)


def test_unnormalised_sieve_counts_powers_of_two():
    # 002 section 3: 1 + nu_2(L - i) for L = 8, by hand; the final is the sum.
    assert losses.Sieve(normalize=None).weights(8).tolist() == [1, 2, 1, 3, 1, 2, 1, 11]


@pytest.mark.parametrize(
    ("cls", "options"), [(losses.Const, {"normalize": "last"}), (losses.ExpBase, {"base": 0})]
)
def test_bad_arguments_are_refused(cls, options):
    (name,) = options
    with pytest.raises(ValueError, match=f"Received: {name}="):
        cls(**options)


@pytest.mark.parametrize("at", [3, -4])
def test_opt_outside_the_exits_is_refused_before_a_step(at):
    with pytest.raises(ValueError, match=f"Received: at={at}"):
        losses.LossCombiner(losses.Opt(at=at), 3)


def test_no_exits_are_refused():
    with pytest.raises(ValueError, match="Received: num_exits=0"):
        losses.Const().weights(0)
