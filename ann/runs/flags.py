"""Command line flags made from the config: one flag per field, with the field's name and help."""

import dataclasses
import typing

from absl import flags

from ann import data, losses
from ann.runs.config import GROUPS, OWNERS, RunConfig


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
        ValueError: a value is not allowed.
    """
    given = {name: values[name].value for name in OWNERS if values[name].present}
    return RunConfig.from_fields(
        {
            name: tuple(map(float, value)) if isinstance(value, list) else value
            for name, value in given.items()
        }
    )
