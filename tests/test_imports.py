"""The floors: imports go downward only, and what promises to need no TensorFlow imports none."""

import ast
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent

# Modules at the bottom, which stand on nothing and which every room may import.
BOTTOM = {"atomic_write", "did_you_mean", "keras_private", "lazy"}

# Room -> the rooms it imports, besides itself and the bottom.
IMPORTS = {
    "metrics": set(),
    "graph": set(),
    "costs": {"graph"},
    "data": set(),
    "layers": set(),
    "exits": {"layers"},
    "losses": set(),
    "models": {"costs", "exits", "graph", "layers", "losses", "metrics"},
    "ensembles": {"costs", "layers", "models"},
    "training": set(),
    "evaluation": {"costs"},
    "runtime": set(),
    "export": {"costs", "runtime"},
    "runs": {"data", "evaluation", "export", "losses", "models", "training"},
    "commands": {"evaluation", "runs"},
    "__main__": {"commands"},
}
NO_TENSORFLOW = {
    "models",
    "exits",
    "layers",
    "losses",
    "costs",
    "graph",
    "metrics",
    "training",
    "ensembles",
    "runs",
    "commands",
}

SOURCES = [
    path for path in sorted((ROOT / "ann").rglob("*.py")) if path != ROOT / "ann" / "__init__.py"
]


def room_of(path):
    return path.relative_to(ROOT / "ann").parts[0].removesuffix(".py")


def imported_modules(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)


def rooms_imported_by(path) -> set[str]:
    """Rooms of `ann` that a module names in its imports, those in functions included."""
    names = imported_modules(ast.parse(path.read_text()))
    return {name.split(".")[1] for name in names if name.startswith("ann.")} - {"__version__"}


@pytest.mark.parametrize("room", IMPORTS)
def test_a_room_imports_what_the_table_says_and_nothing_else(room):
    sources = [path for path in SOURCES if room_of(path) == room]
    assert sources, "a room without a file"
    found = set().union(*map(rooms_imported_by, sources)) - {room, *BOTTOM}
    assert found == IMPORTS[room]


def test_every_module_is_in_a_room():
    assert {room_of(path) for path in SOURCES} == {*IMPORTS, *BOTTOM}


def test_the_bottom_stands_on_nothing():
    for name in BOTTOM:
        assert not rooms_imported_by(ROOT / "ann" / f"{name}.py")


def test_the_library_does_not_import_the_checkout():
    for path in SOURCES:
        tops = {name.split(".")[0] for name in imported_modules(ast.parse(path.read_text()))}
        assert not tops & {"experiments", "examples", "benchmarks", "tests"}, path


def test_rooms_have_no_cycle():
    done = set(BOTTOM)
    while len(done) < len(IMPORTS) + len(BOTTOM):
        ready = {room for room, below in IMPORTS.items() if below <= done} - done
        assert ready, f"a cycle among {set(IMPORTS) - done}"
        done |= ready


@pytest.mark.parametrize("room", sorted(NO_TENSORFLOW))
def test_no_tensorflow_at_module_level(room):
    for path in (path for path in SOURCES if room_of(path) == room):
        body = ast.parse(path.read_text()).body
        imports = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
        names = imported_modules(ast.Module(body=imports, type_ignores=[]))
        assert not any(name.split(".")[0] == "tensorflow" for name in names), path


def succeeds_elsewhere(code) -> bool:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_configs_and_names_need_no_framework():
    modules = "ann, ann.data, ann.losses, ann.runs.config, ann.runs.flags, ann.runs.identity"
    heavy = "{'keras', 'tensorflow', 'jax', 'pandas'}"
    assert succeeds_elsewhere(f"import sys, {modules}; sys.exit(bool({heavy} & set(sys.modules)))")


def test_importing_the_package_imports_nothing():
    heavy = "{'keras', 'tensorflow', 'numpy'}"
    assert succeeds_elsewhere(f"import ann, sys; sys.exit(bool({heavy} & set(sys.modules)))")
