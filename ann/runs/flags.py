"""Command line flags made from the config dataclasses: one flag a field, named and explained as the field is."""

import dataclasses
import typing

from absl import flags

from ann import data, losses
from ann.runs.config import GROUPS, RunConfig


def _choices() -> dict[str, list[str]]:
    """Fields whose values are names of a room."""
    return {
        "dataset": data.names(),
        "weighting": list(losses.schemes()),
        "sampler": list(losses.samplers()),
    }


def define() -> None:
    """Defines a flag for every field of every group of `RunConfig`."""
    choices = _choices()
    for cls in GROUPS.values():
        hints = typing.get_type_hints(cls)
        for field in dataclasses.fields(cls):
            _define(field, hints[field.name], choices.get(field.name))


def _define(field, hint, choices):
    text = field.metadata["help"]
    if choices:
        flags.DEFINE_enum(field.name, field.default, choices, text)
    elif typing.get_origin(hint) is tuple:
        flags.DEFINE_list(field.name, [str(value) for value in field.default], text)
    elif hint is bool:
        flags.DEFINE_bool(field.name, field.default, text)
    elif hint in (int, int | None):
        flags.DEFINE_integer(field.name, field.default, text)
    elif hint is float:
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
        ValueError: a value is out of range.
    """
    groups = {}
    for name, cls in GROUPS.items():
        fields = {field.name: getattr(values, field.name) for field in dataclasses.fields(cls)}
        groups[name] = cls(
            **{k: tuple(map(float, v)) if isinstance(v, list) else v for k, v in fields.items()}
        )
    return RunConfig(**groups)
