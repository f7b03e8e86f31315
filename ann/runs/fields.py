"""Fields of a run's config: each with its help, checked when the config is made."""

import dataclasses
from typing import Any


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
