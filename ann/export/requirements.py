"""Packages that only some formats need."""

import importlib


def require(module: str, format: str):
    """Imports `module`.

    Raises:
        ImportError: it is not installed; says which extra has it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"the {format} format needs {module}: install the extra ann-keras[export]"
        ) from error
