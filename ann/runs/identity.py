"""What names a run: the fields of its config that differ from a pinned baseline.

A field that is added later, with a default that trains as before, changes no name. Backend,
hardware and versions are recorded beside a run; they are not part of its name.
"""

import dataclasses
import functools
import hashlib
import json
import pathlib
from collections.abc import Callable
from typing import Any

from ann.runs.config import RunConfig
from ann.runs.weighting_config import SETTINGS, settings_of

# The defaults of the day on which names were first made from differences. It is never edited: a
# default that changes makes a difference from then on.
_BASELINE = pathlib.Path(__file__).parent / "baseline.json"
_RUNTIME_CLAIMS = ("precision",)


@dataclasses.dataclass(frozen=True)
class Change:
    """A change of the code after which some configs train differently than before.

    Attributes:
        reason: what changed.
        concerns: which configs it concerns.
    """

    reason: str
    concerns: Callable[[RunConfig], bool]


# A run's recipe is 1 plus the number of changes that concern its config. Append, never remove.
CHANGES = (
    Change(
        "RWM without a rate follows 002 appendix D.3, gamma r_i / (K p_i); it was gamma r_i / K",
        lambda config: config.weighting.sampler == "rwm" and config.weighting.rwm_rate is None,
    ),
    Change(
        "OPT at an exit counted from the last trains that exit; it trained one before it",
        lambda config: config.weighting.weighting == "opt" and config.weighting.opt_at < -1,
    ),
    Change(
        "DWA's new weights apply from an epoch's first step on; they did so from the last step of "
        "the epoch before",
        lambda config: config.weighting.weighting == "dwa",
    ),
    Change(
        "mixup, CutMix, random erasing and RandAugment draw from seeds and tables that every "
        "engine has; they drew from TensorFlow's",
        lambda config: config.data.augments_batches,
    ),
)


def recipe(config: RunConfig) -> int:
    """How many times the meaning of this config has changed, counted from 1."""
    return 1 + sum(change.concerns(config) for change in CHANGES)


def claims(config: RunConfig) -> dict[str, dict[str, Any]]:
    """The fields that say what was run, by group.

    Left out are where the data is, how and where it ran except for the precision, and the settings
    of the schemes and samplers that the run does not use.
    """
    groups = {name: _values(getattr(config, name)) for name in _values(config)}
    del groups["data"]["data_dir"]
    groups["runtime"] = {name: groups["runtime"][name] for name in _RUNTIME_CLAIMS}
    names = filter(None, (config.weighting.weighting, config.weighting.sampler))
    used = {flag for name in names for flag in settings_of(name)}
    for flag in set(SETTINGS) - used:
        del groups["weighting"][flag]
    return groups


def differences(config: RunConfig) -> dict[str, Any]:
    """The claims that differ from the baseline, by `group.field`.

    A field that the baseline does not have is compared with its default.
    """
    found = {}
    for group, values in claims(config).items():
        cls: Any = type(getattr(config, group))
        expected = _expected(group, cls)
        for name, value in values.items():
            if _plain(value) != expected[name]:
                found[f"{group}.{name}"] = _plain(value)
    return found


def run_name(config: RunConfig, made_by: int | None = None) -> str:
    """Name of a run: its data set, model and weighting, and a digest of `differences` and recipe.

    Equal runs have equal names, wherever they are wanted and wherever they run.

    Args:
        config: what is run.
        made_by: recipe that the run was trained with; default: today's.
    """
    made_by = made_by or recipe(config)
    named = differences(config) | ({"recipe": made_by} if made_by > 1 else {})
    text = json.dumps(named, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return f"{config.data.dataset}-{config.model.model}-{config.weighting.weighting}-{digest}"


def _values(config) -> dict[str, Any]:
    return {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}


@functools.cache
def _expected(group: str, cls: type) -> dict[str, Any]:
    """What each field of a group is compared with: its baseline, or else its default."""
    baseline = _baseline().get(group, {})
    return {
        field.name: _plain(baseline.get(field.name, field.default))
        for field in dataclasses.fields(cls)
    }


@functools.cache
def _baseline() -> dict[str, dict[str, Any]]:
    return json.loads(_BASELINE.read_text())


def _plain(value):
    """As JSON has it, so that equal values are written the same: no tuples, 3 for 3.0."""
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in value]
    whole = isinstance(value, float) and value.is_integer()
    return int(value) if whole else value
