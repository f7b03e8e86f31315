"""What the authors' code sets where it differs from the papers (docs/author_code.md)."""

from collections.abc import Mapping
from typing import Any

from ann import losses
from ann.runs.fields import require, require_name
from ann.runs.weighting_config import settings_of

# The learning rate's steps and the weight decay in the authors' code (docs/author_code.md): 300
# epochs on CIFAR, 60 on SVHN, 128 on ILSVRC; as fractions of the training here.
_AUTHORS_CIFAR = {
    "l2": 2e-4,
    "decay_on": "author_code",
    "lr_drop_at": (140 / 300, 210 / 300, 250 / 300),
    "lr_drop_to": (0.1, 0.01, 0.002),
}
_AUTHORS_TRAINING: dict[str, dict[str, Any]] = {
    "cifar10": _AUTHORS_CIFAR,
    "cifar100": _AUTHORS_CIFAR,
    "svhn": {
        "blur": False,
        "decay_on": "author_code",
        "lr_drop_at": (0.25, 0.5, 0.75),
        "lr_drop_to": (0.1, 0.01, 0.002),
    },
    "imagenet2012": {
        "decay_on": "author_code",
        "lr_drop_at": (30 / 128, 60 / 128, 90 / 128, 105 / 128),
        "lr_drop_to": (0.1, 0.01, 0.001, 0.0001),
    },
}
_AUTHORS_ILSVRC_BATCH = 256  # whose learning rate is 0.1; it grows with the batch

# What the authors' code does on a data set and this project does not, by the field that would have
# to do it.
_NOT_AVAILABLE: dict[str, dict[str, str]] = {
    "svhn": {
        "augment": "they deform the images and change brightness and contrast",
        "l2": "their 2e-4 falls to a fifth every 480,000 steps",
    }
}


def author_defaults(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """What the authors' code sets for a run with some fields, where it differs from the papers.

    Args:
        given: the fields that are given.
        defaults: all fields, as they are where nothing is given.

    Raises:
        ValueError: a field is not given, and what the authors do is not available here.
    """
    chosen = {**defaults, **given}
    _require_available(given, chosen["dataset"])
    found = dict(_AUTHORS_TRAINING.get(chosen["dataset"], {}))
    if chosen["dataset"] == "imagenet2012" and chosen["base_batch_size"] is None:
        found["learning_rate"] = 0.1 * chosen["batch_size"] / _AUTHORS_ILSVRC_BATCH
    if chosen["training_mode"] == "no_grad":
        found["l2"] = 0.0
    for name in filter(None, (chosen["weighting"], chosen["sampler"])):
        require_name("weighting or sampler", name, losses.schemes() | losses.samplers())
        for flag, (_, one) in settings_of(name).items():
            if one.author_code is not None:
                found[flag] = one.author_code
    return {name: value for name, value in found.items() if name not in _unused(chosen)}


def _require_available(given, dataset):
    """What cannot be done as the authors did it must be given."""
    for name, reason in _NOT_AVAILABLE.get(dataset, {}).items():
        require(
            name in given,
            f"preset 'author_code' cannot do what the authors do on {dataset}: {reason}. "
            f"Set {name} to go on without it",
            preset="author_code",
        )


def _unused(chosen):
    """What another schedule or optimizer has no use for."""
    unused = set()
    if chosen["schedule"] != "steps":
        unused |= {"lr_drop_at", "lr_drop_to"}
    if chosen["optimizer"] != "sgd":
        unused |= {"l2", "decay_on"}
    return unused
