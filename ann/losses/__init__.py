"""How the losses of the exits become one scalar: weighting schemes, samplers, and the layer that
applies them.

A scheme is a pure rule from numbers to a vector of exit weights, a sampler one to a distribution
over exits. `LossCombiner` holds their state.
"""

from ann.did_you_mean import unknown_name
from ann.lazy import lazy_attributes
from ann.losses.adaloss import AdaLoss, AdaLossFirstOrder
from ann.losses.adaptive import (
    DynamicWeightAverage,
    GradNorm,
    LogLoss,
    RandomLossWeighting,
    Uncertainty,
)
from ann.losses.samplers import AANN, AVGL, EXP3, RWM, Milestone, Sampler
from ann.losses.scheme import Scheme, StaticScheme
from ann.losses.static import (
    Const,
    ExpBase,
    ExpLin,
    HalfEnd,
    Linear,
    Opt,
    QuarterHalf,
    Sieve,
    SieveV2,
)
from ann.losses.targets import Targets

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
    "adaloss_first_order": AdaLossFirstOrder,
    "log_loss": LogLoss,
    "uncertainty": Uncertainty,
    "dwa": DynamicWeightAverage,
    "rlw": RandomLossWeighting,
    "gradnorm": GradNorm,
}

_SAMPLERS = {
    "aann": AANN,
    "milestone": Milestone,
    "exp3": EXP3,
    "rwm": RWM,
    "avgl": AVGL,
}


__getattr__ = lazy_attributes(
    {
        "LossCombiner": "ann.losses.combiner",
        "exit_cross_entropies": "ann.losses.cross_entropy",
    }
)


def schemes() -> dict[str, type[Scheme]]:
    """Every weighting scheme by name, in the order the docs list them.

    Example:
        >>> list(schemes())[:2]
        ['const', 'linear']
    """
    return dict(_SCHEMES)


def samplers() -> dict[str, type[Sampler]]:
    """Every sampler by name.

    Example:
        >>> list(samplers())
        ['aann', 'milestone', 'exp3', 'rwm', 'avgl']
    """
    return dict(_SAMPLERS)


def get(weighting) -> Scheme:
    """A scheme from its name; a scheme is returned as it is.

    Raises:
        ValueError: the name is not one of `schemes()`.

    Example:
        >>> get("linear").weights(3)
        array([0.25 , 0.625, 1.   ], dtype=float32)
    """
    return _get(weighting, "weighting", Scheme, _SCHEMES)


def get_sampler(sampler) -> Sampler | None:
    """A sampler from its name; a sampler, or None, is returned as it is.

    Raises:
        ValueError: the name is not one of `samplers()`.
    """
    return None if sampler is None else _get(sampler, "sampler", Sampler, _SAMPLERS)


def _get(value, what, base, table):
    if isinstance(value, base):
        return value
    if not isinstance(value, str) or value not in table:
        raise ValueError(unknown_name(what, value, table, also=f"a {base.__name__}"))
    return table[value]()


__all__ = [
    "AANN",
    "AVGL",
    "EXP3",
    "RWM",
    "AdaLoss",
    "AdaLossFirstOrder",
    "Const",
    "DynamicWeightAverage",
    "ExpBase",
    "ExpLin",
    "GradNorm",
    "HalfEnd",
    "Linear",
    "LogLoss",
    "LossCombiner",
    "Milestone",
    "Opt",
    "QuarterHalf",
    "RandomLossWeighting",
    "Sampler",
    "Scheme",
    "Sieve",
    "SieveV2",
    "StaticScheme",
    "Targets",
    "Uncertainty",
    "exit_cross_entropies",
    "get",
    "get_sampler",
    "samplers",
    "schemes",
]
