"""What to say to a name that is not known."""

import difflib


def unknown_name(what: str, value, known, *, also: str = "") -> str:
    """The message of an error.

    Args:
        what: what is named, such as "weighting".
        value: the name received.
        known: the names that are allowed.
        also: what else is allowed, such as "a Scheme".

    Example:
        >>> unknown_name("fruit", "aple", ["apple", "pear"])
        "fruit must be one of apple, pear. Did you mean 'apple'? Received: fruit='aple'"
    """
    allowed = f"{also} or one of" if also else "one of"
    close = difflib.get_close_matches(str(value), list(known), n=1)
    guess = f" Did you mean {close[0]!r}?" if close else ""
    return f"{what} must be {allowed} {', '.join(known)}.{guess} Received: {what}={value!r}"
