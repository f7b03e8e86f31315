"""What the builders of the families take: checks that they share."""

import inspect
import numbers


def require_positive(family: str, **sizes) -> None:
    """Raises unless every size is a whole number of at least 1.

    Raises:
        ValueError: one is not.
    """
    for key, value in sizes.items():
        if not isinstance(value, numbers.Integral) or isinstance(value, bool):
            raise ValueError(f"{family}: {key} must be a whole number. Received: {key}={value!r}")
        if value < 1:
            raise ValueError(f"{family}: {key} must be at least 1. Received: {key}={value}")


def require_depth(family: str, depth: int, known) -> None:
    """Raises unless a network of the family has this depth.

    Raises:
        ValueError: none has.
    """
    if depth not in known:
        raise ValueError(f"{family}: depth must be one of {sorted(known)}. Received: depth={depth}")


def require_preset(preset: str) -> None:
    """Raises unless the preset is one of ours.

    Raises:
        ValueError: it is not.
    """
    if preset not in ("paper", "author_code"):
        raise ValueError(f"preset must be 'paper' or 'author_code'. Received: preset={preset!r}")


def passes_on_to(inner):
    """Decorator of a builder whose `**kwargs` go to another one: its signature shows them.

    Example:
        >>> def inner(*, a, b=1): ...
        >>> @passes_on_to(inner)
        ... def outer(*, c, **kwargs): ...
        >>> list(inspect.signature(outer).parameters)
        ['c', 'a', 'b']
    """

    def decorate(builder):
        own = inspect.signature(builder).parameters.values()
        own = [one for one in own if one.kind is not inspect.Parameter.VAR_KEYWORD]
        names = {one.name for one in own}
        further = [one for one in inspect.signature(inner).parameters.values()]
        further = [one for one in further if one.name not in names]
        builder.__signature__ = inspect.Signature([*own, *further])
        return builder

    return decorate


def require_arguments(name: str, builder, arguments: dict) -> None:
    """Raises unless a builder takes these arguments, as its signature says.

    Args:
        name: of the network, for the message.
        builder: function of keyword arguments.
        arguments: what it is to be called with.

    Raises:
        ValueError: it takes no argument of such a name.
    """
    known = list(inspect.signature(builder).parameters)
    unknown = sorted(set(arguments) - set(known))
    if unknown:
        raise ValueError(
            f"{name} has no such argument: it takes {known}. "
            f"Received: {', '.join(f'{key}={arguments[key]!r}' for key in unknown)}"
        )
