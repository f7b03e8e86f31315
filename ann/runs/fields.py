"""Fields of a run's config: each with its help, checked when the config is made."""

import dataclasses
import functools
import numbers
import types
import typing
from typing import Any

import numpy as np

from ann.did_you_mean import unknown_name

_KINDS = {int: numbers.Integral, float: numbers.Real}


def field(default: Any, text: str):
    """A field whose metadata is the help of its command line flag."""
    return dataclasses.field(default=default, metadata={"help": text})


def require(condition: bool, allowed: str, **received: Any) -> None:
    """Raises unless the condition holds.

    Raises:
        ValueError: `allowed`, and what was received.
    """
    if not condition:
        values = ", ".join(f"{name}={value!r}" for name, value in received.items())
        raise ValueError(f"{allowed}. Received: {values}")


def require_name(what: str, value, known, *, none_allowed: bool = False) -> None:
    """Raises unless the value is a known name, or None where that is allowed.

    Raises:
        ValueError: the name, and what was probably meant.
    """
    if value not in known and not (value is None and none_allowed):
        raise ValueError(unknown_name(what, value, known))


def check_types(config) -> None:
    """Raises unless every field holds what its annotation says. A whole number is a number, too;
    True and False are not.

    Lists become tuples, and NumPy's numbers those of Python: a config is hashed, compared with what
    JSON gives back, and written as JSON.

    Raises:
        ValueError: the first field that holds something else.
    """
    for one in dataclasses.fields(config):
        value = getattr(config, one.name)
        check_type(type(config), one.name, value)
        object.__setattr__(config, one.name, _plain(value))


def check_type(cls: Any, name: str, value) -> None:
    """As `check_types`, for the value of one field of a class."""
    hint = _hints(cls)[name]
    said = getattr(hint, "__name__", str(hint)) if isinstance(hint, type) else str(hint)
    require(_is_a(value, hint), f"{name} must be of the type {said}", **{name: value})


@functools.cache
def _hints(cls: Any):
    hints = typing.get_type_hints(cls)
    return {one.name: hints[one.name] for one in dataclasses.fields(cls)}


def _is_a(value, hint) -> bool:
    if isinstance(hint, types.UnionType):
        return any(_is_a(value, one) for one in typing.get_args(hint))
    if typing.get_origin(hint) is tuple:
        (of, _) = typing.get_args(hint)
        return isinstance(value, tuple | list) and all(_is_a(one, of) for one in value)
    if isinstance(value, bool):
        return hint is bool
    return isinstance(value, _KINDS.get(hint, hint))


def _plain(value):
    if isinstance(value, tuple | list):
        return tuple(_plain(one) for one in value)
    return value.item() if isinstance(value, np.generic) else value


def default_of(config, name: str) -> Any:
    """Default of a field of a dataclass."""
    return next(one.default for one in dataclasses.fields(config) if one.name == name)


def require_unused(config, names, reason: str) -> None:
    """Raises if one of these fields is set although nothing would read it.

    Raises:
        ValueError: the first field that differs from its default, and the reason.
    """
    for name in names:
        value = getattr(config, name)
        require(
            value == default_of(config, name), f"{name} has no effect: {reason}", **{name: value}
        )
