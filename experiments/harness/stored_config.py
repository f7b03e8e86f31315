"""The config of a stored run, from its row."""

import dataclasses
import typing

import pandas as pd

from ann.runs.config import GROUPS, RunConfig

_HINTS = {
    name: hint for group in GROUPS.values() for name, hint in typing.get_type_hints(group).items()
}


def stored_config(row: pd.Series) -> RunConfig:
    """The config that a row of runs.csv was trained with.

    Fields that did not exist when it was stored have their defaults.

    Args:
        row: of `RunStore.runs`.
    """
    names = [field.name for group in GROUPS.values() for field in dataclasses.fields(group)]
    given = {name: row[name] for name in names if name in row and pd.notna(row[name])}
    return RunConfig.from_fields({name: _value(name, cell) for name, cell in given.items()})


def _value(name, cell):
    """A cell as a value of the field's type; CSV makes numbers of integers and words of tuples."""
    hint = _HINTS[name]
    if typing.get_origin(hint) is tuple:
        return tuple(float(part) for part in str(cell).split())
    kinds = [kind for kind in typing.get_args(hint) or (hint,) if kind is not type(None)]
    if kinds == [bool]:
        return str(cell) == "True"
    return kinds[0](cell)
