"""Argument checks shared by the families."""


def require_positive(family: str, **sizes) -> None:
    """Raises unless every size is at least 1.

    Raises:
        ValueError: one is not.
    """
    for key, value in sizes.items():
        if value < 1:
            raise ValueError(f"{family}: {key} must be at least 1. Received: {key}={value}")


def require_preset(preset: str) -> None:
    """Raises unless the preset is one of ours.

    Raises:
        ValueError: it is not.
    """
    if preset not in ("paper", "author_code"):
        raise ValueError(f"preset must be 'paper' or 'author_code'. Received: preset={preset!r}")
