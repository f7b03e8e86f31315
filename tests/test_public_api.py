"""The public names and signatures, as they were agreed on: nothing changes by accident.

A change on purpose is written down with

    python -m tests.test_public_api > tests/public_api.txt

and told in CHANGELOG.md (CONTRIBUTING.md, "Versions").
"""

import dataclasses
import importlib
import inspect
import pathlib

from ann.runs.config import GROUPS

ROOMS = (
    "costs",
    "data",
    "ensembles",
    "evaluation",
    "exits",
    "export",
    "layers",
    "losses",
    "models",
    "runs",
    "runtime",
    "training",
)
SNAPSHOT = pathlib.Path(__file__).with_name("public_api.txt")


def public_api() -> list[str]:
    """A line for each public function, class, method, property and constant."""
    lines = []
    for room in ROOMS:
        module = importlib.import_module(f"ann.{room}")
        for name in sorted(module.__all__):
            lines += described(f"ann.{room}.{name}", getattr(module, name))
    for group in GROUPS.values():
        lines += described(f"ann.runs.config.{group.__name__}", group)
    return lines


def described(path, value) -> list[str]:
    if inspect.isclass(value):
        return [f"class {path}{signature(value)}", *members(path, value)]
    if callable(value):
        return [f"{path}{signature(value)}"]
    return [path]


def members(path, cls):
    """The public methods, properties and class attributes that the class itself or a base of this
    package defines."""
    found = {}
    for base in reversed(cls.__mro__):
        if base.__module__.split(".")[0] == "ann":
            found |= {name: one for name, one in vars(base).items() if not name.startswith("_")}
    is_data = dataclasses.is_dataclass(cls)
    fields = {field.name for field in dataclasses.fields(cls)} if is_data else set()
    for name in sorted(set(found) - fields):
        one = inspect.getattr_static(cls, name)
        function = getattr(one, "__func__", one)
        yield f"  {path}.{name}{signature(function) if inspect.isfunction(function) else ''}"


class Shown(str):
    """A default as the snapshot shows it."""

    __repr__ = str.__str__


def signature(function) -> str:
    """Names and defaults of the parameters; defaults that are objects are `...`."""
    if inspect.isclass(function) and issubclass(function, Exception):
        return ""
    parameters = [
        one.replace(annotation=one.empty, default=default(one.default))
        for one in inspect.signature(function).parameters.values()
    ]
    return str(inspect.Signature(parameters))


def default(value):
    if value is inspect.Parameter.empty:
        return value
    simple = (type(None), bool, int, float, str, tuple)
    return Shown(repr(value)) if isinstance(value, simple) else Shown("...")


def test_the_public_names_and_signatures_are_those_written_down():
    now, then = public_api(), SNAPSHOT.read_text().splitlines()
    gone, new = sorted(set(then) - set(now)), sorted(set(now) - set(then))
    assert now == then, (
        f"gone: {gone}; new: {new}. If you mean this change: `python -m tests.test_public_api > "
        "tests/public_api.txt`, and a line in CHANGELOG.md (CONTRIBUTING.md, Versions)"
    )


def test_the_package_says_that_it_is_typed():
    assert (pathlib.Path(importlib.import_module("ann").__file__).parent / "py.typed").exists()


if __name__ == "__main__":
    print("\n".join(public_api()))  # noqa: T201
