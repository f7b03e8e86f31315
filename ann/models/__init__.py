"""Anytime networks: the chain (`MultiExitModel`) and the families that build its links."""

import re

from ann.models.multi_exit import MultiExitModel
from ann.models.resann import PAPER_SIZES, resann_cifar

# Family: pattern of its names -> builder. The named groups are integer arguments of the builder.
_FAMILIES = {
    r"resann-n(?P<n>\d+)-c(?P<c>\d+)": resann_cifar,
}


def names() -> list[str]:
    """The papers' networks by name; `build` takes other sizes of the same families too."""
    return [f"resann-n{n}-c{c}" for n, c in PAPER_SIZES]


def build(name: str, *, num_classes: int = 10, **overrides) -> MultiExitModel:
    """An anytime network by name.

    Args:
        name: for example `resann-n9-c16`; any number of units n and width c.
        num_classes: width of the logits.
        **overrides: arguments of the family's builder, such as `n=`, `c=`, `s=`, `input_shape=`, `preset=`.

    Raises:
        ValueError: no family has such a name, or an argument is out of range.

    Example:
        >>> build("resann-n9-c16", num_classes=10).num_exits
        27
    """
    for pattern, builder in _FAMILIES.items():
        match = re.fullmatch(pattern, name)
        if match:
            sizes = {key: int(value) for key, value in match.groupdict().items()}
            return builder(**{"name": name.replace("-", "_"), "num_classes": num_classes, **sizes, **overrides})
    raise ValueError(
        f"model must be one of {names()}, or another n and c in resann-n<units>-c<width>. Received: model={name!r}"
    )


__all__ = ["MultiExitModel", "build", "names", "resann_cifar"]
