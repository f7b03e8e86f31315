"""Command line flags made from the config: one flag per field, with the field's name and help."""

import dataclasses
import typing

from absl import flags

from ann import data, losses
from ann.runs.config import GROUPS, OWNERS, RunConfig
from ann.runs.fields import require_unused
from ann.runs.weighting_config import SETTINGS, settings_of


def define() -> None:
    """Defines a flag for every field of every group of `RunConfig`."""
    for cls in GROUPS.values():
        hints = typing.get_type_hints(cls)
        for field in dataclasses.fields(cls):
            _define(field, hints[field.name])


def _choices(name: str) -> str:
    """The values of a field that are names, for its help."""
    known = {"dataset": data.names, "weighting": losses.schemes, "sampler": losses.samplers}
    return f" One of {', '.join(known[name]())}." if name in known else ""


def _define(field, hint):
    text = field.metadata["help"] + _choices(field.name)
    if typing.get_origin(hint) is tuple:
        flags.DEFINE_list(field.name, [str(value) for value in field.default], text)
    elif hint is bool:
        flags.DEFINE_bool(field.name, field.default, text)
    elif hint in (int, int | None):
        flags.DEFINE_integer(field.name, field.default, text)
    elif hint in (float, float | None):
        flags.DEFINE_float(field.name, field.default, text)
    elif hint in (str, str | None):
        flags.DEFINE_string(field.name, field.default, text)
    else:
        raise TypeError(f"no flag for fields of this type. Received: {field.name}: {hint}")


def config_from(values) -> RunConfig:
    """The config that parsed flags describe.

    Args:
        values: `absl.flags.FLAGS`, parsed.

    Raises:
        ValueError: a value is not allowed, or set for a scheme or sampler that the run does not
            use.
    """
    given = {name: values[name].value for name in OWNERS if values[name].present}
    config = RunConfig.from_fields(
        {
            name: _numbers(name, value) if isinstance(value, list) else value
            for name, value in given.items()
        }
    )
    _require_settings_used(config.weighting, given)
    return config


def _numbers(name, words):
    try:
        return tuple(map(float, words))
    except ValueError:
        raise ValueError(
            f"{name} must be numbers, separated by commas. Received: {name}={','.join(words)!r}"
        ) from None


def _require_settings_used(weighting, given):
    """Configs made in Python may carry settings that are shared by several runs; one command has
    one run, so there such a setting is a mistake."""
    used = [name for name in (weighting.weighting, weighting.sampler) if name]
    reason = f"weighting is {weighting.weighting}, sampler is {weighting.sampler or 'not set'}"
    unused = set(SETTINGS) - {flag for name in used for flag in settings_of(name)}
    for flag in sorted(unused & set(given)):
        require_unused(weighting, [flag], reason)
