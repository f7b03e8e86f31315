"""Attributes of a package that are imported when they are first asked for.

Names, settings and flags are had without the seconds that a framework takes to import.
"""

import importlib


def lazy_attributes(modules: dict[str, str]):
    """The `__getattr__` of a package (PEP 562).

    Args:
        modules: from an attribute to the module that defines it.
    """

    def getattr_of_package(name):
        if name not in modules:
            raise AttributeError(f"no such attribute: {name!r}")
        return getattr(importlib.import_module(modules[name]), name)

    return getattr_of_package
