"""Anytime networks: the chain (`MultiExitModel`) and the families that build its links; and the
training of several tasks (`MultiTaskModel`)."""

import re

from ann.models import denseann, resann, vitann
from ann.models.arguments import require_arguments
from ann.models.attach import attach_exits
from ann.models.cuts import cut_points
from ann.models.denseann import denseann_cifar, denseann_ilsvrc
from ann.models.msdnet import (
    msdnet,
    msdnet_cifar,
    msdnet_cifar_linear,
    msdnet_ilsvrc,
    msdnet_imagenet,
)
from ann.models.multi_exit import MultiExitModel
from ann.models.multi_task import MultiTaskModel
from ann.models.presets import Preset, PresetError, from_preset, presets
from ann.models.resann import resann_cifar, resann_ilsvrc
from ann.models.vitann import vitann_cifar, vitann_ilsvrc

# Family: pattern of its names -> builder. The named groups are arguments of the builder, integers
# where they are digits.
_FAMILIES = {
    r"resann-n(?P<n>\d+)-c(?P<c>\d+)": resann_cifar,
    r"resann(?P<depth>\d+)": resann_ilsvrc,
    r"denseann-n(?P<n>\d+)-g(?P<g>\d+)": denseann_cifar,
    r"denseann(?P<depth>\d+)": denseann_ilsvrc,
    r"msdnet(?P<depth>\d+)": msdnet_ilsvrc,
    r"msdnet-imagenet-k(?P<k>\d+)": msdnet_imagenet,
    r"msdnet-cifar-b(?P<b>\d+)": msdnet_cifar,
    r"msdnet-cifar-lin(?P<b>\d+)": msdnet_cifar_linear,
    r"vitann-n(?P<n>\d+)-c(?P<c>\d+)": vitann_cifar,
    r"vitann-(?P<size>ti|s|b)": vitann_ilsvrc,
}


def names() -> list[str]:
    """Networks by name: those of the papers, and vision transformers.

    `build` takes other sizes of the same families too.
    """
    return [
        *(f"resann-n{n}-c{c}" for n, c in resann.PAPER_SIZES),
        *(f"resann{depth}" for depth in resann.ILSVRC_DEPTHS),
        "denseann-n16-g16",
        *(f"denseann{depth}" for depth in denseann.ILSVRC_DEPTHS),
        "msdnet23",
        "msdnet32",
        "msdnet33",
        "msdnet38",
        *(f"msdnet-imagenet-k{k}" for k in (4, 6, 7)),
        *("msdnet-cifar-b7", "msdnet-cifar-b10", "msdnet-cifar-lin5"),
        "vitann-n6-c128",
        *(f"vitann-{size}" for size in vitann.SIZES),
    ]


def build(name: str, **overrides) -> MultiExitModel:
    """An anytime network by name.

    Args:
        name: for example `resann-n9-c16`; any number of units n and width c.
        **overrides: arguments of the family's builder, such as `num_classes=` (default 10, or 1000
            for ILSVRC networks), `n=`, `c=`, `s=`, `input_shape=`, `preset=`.

    Raises:
        ValueError: no family has such a name, or an argument is out of range.

    Example:
        >>> build("resann-n9-c16", num_classes=10).num_exits
        27
    """
    for pattern, builder in _FAMILIES.items():
        match = re.fullmatch(pattern, name)
        if match:
            sizes = {
                key: int(value) if value.isdigit() else value
                for key, value in match.groupdict().items()
            }
            require_arguments(name, builder, overrides)
            return builder(**{"name": name.replace("-", "_"), **sizes, **overrides})
    raise ValueError(
        f"model must be one of {names()}, or another n and c in resann-n<units>-c<width>. "
        f"Received: model={name!r}"
    )


__all__ = [
    "MultiExitModel",
    "MultiTaskModel",
    "Preset",
    "PresetError",
    "attach_exits",
    "build",
    "cut_points",
    "denseann_cifar",
    "denseann_ilsvrc",
    "from_preset",
    "msdnet",
    "msdnet_cifar",
    "msdnet_cifar_linear",
    "msdnet_ilsvrc",
    "msdnet_imagenet",
    "names",
    "presets",
    "resann_cifar",
    "resann_ilsvrc",
    "vitann_cifar",
    "vitann_ilsvrc",
]
