"""How the losses of the exits become one scalar: weighting schemes, and the layer that applies them.

A scheme is a pure rule from numbers to a vector of exit weights. `LossCombiner` holds its state.
"""

from ann.losses.adaptive import AdaLoss
from ann.losses.combiner import LossCombiner
from ann.losses.cross_entropy import exit_cross_entropies
from ann.losses.scheme import Scheme, StaticScheme
from ann.losses.static import Const, ExpBase, ExpLin, HalfEnd, Linear, Opt, QuarterHalf, Sieve, SieveV2

_SCHEMES = {
    "const": Const,
    "linear": Linear,
    "half_end": HalfEnd,
    "quarter_half": QuarterHalf,
    "sieve": Sieve,
    "sieve_v2": SieveV2,
    "exp_lin": ExpLin,
    "exp_base": ExpBase,
    "opt": Opt,
    "adaloss": AdaLoss,
}


def schemes() -> dict[str, type[Scheme]]:
    """Every weighting scheme by name, in the order the docs list them.

    Example:
        >>> sorted(schemes())[:2]
        ['adaloss', 'const']
    """
    return dict(_SCHEMES)


def get(weighting) -> Scheme:
    """A scheme from its name; a scheme is returned as it is.

    Raises:
        ValueError: the name is not one of `schemes()`.

    Example:
        >>> get("linear").weights(3)
        array([0.25 , 0.625, 1.   ], dtype=float32)
    """
    if isinstance(weighting, Scheme):
        return weighting
    if weighting not in _SCHEMES:
        raise ValueError(f"weighting must be a Scheme or one of {sorted(_SCHEMES)}. Received: weighting={weighting!r}")
    return _SCHEMES[weighting]()


__all__ = [
    "AdaLoss",
    "Const",
    "ExpBase",
    "ExpLin",
    "HalfEnd",
    "Linear",
    "LossCombiner",
    "Opt",
    "QuarterHalf",
    "Scheme",
    "Sieve",
    "SieveV2",
    "StaticScheme",
    "exit_cross_entropies",
    "get",
    "schemes",
]
