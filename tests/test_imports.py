"""The floors: imports go downward only, and what promises to need no TensorFlow imports none."""

import ast
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent

# Room -> rooms it may import (itself and `atomic_write`, which stands on nothing, aside). `build`
# sees every room.
MAY_IMPORT = {
    "atomic_write": set(),
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
    "evaluation": {"costs", "models"},
    "runtime": set(),
    "export": {"costs", "runtime"},
    "runs": {"data", "evaluation", "export", "losses", "models", "training"},
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
}


def room_of(path):
    return path.relative_to(ROOT / "ann").parts[0].removesuffix(".py")


def imported_modules(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)


SOURCES = [
    path for path in sorted((ROOT / "ann").rglob("*.py")) if path != ROOT / "ann" / "__init__.py"
]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_downward(path):
    room = room_of(path)
    assert room in MAY_IMPORT, f"a new room: say in {__file__} what it may import"
    imported = {
        name.split(".")[1]
        for name in imported_modules(ast.parse(path.read_text()))
        if name.startswith("ann.")
    }
    assert imported <= MAY_IMPORT[room] | {room, "atomic_write"}
    assert not any(
        name.startswith("experiments") for name in imported_modules(ast.parse(path.read_text()))
    )


@pytest.mark.parametrize(
    "path",
    [p for p in SOURCES if room_of(p) in NO_TENSORFLOW],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_no_tensorflow_at_module_level(path):
    top_level = ast.Module(
        body=[
            n
            for n in ast.parse(path.read_text()).body
            if isinstance(n, ast.Import | ast.ImportFrom)
        ],
        type_ignores=[],
    )
    assert not any(name.split(".")[0] == "tensorflow" for name in imported_modules(top_level))


def test_config_needs_only_the_standard_library():
    names = {
        name.split(".")[0]
        for name in imported_modules(ast.parse((ROOT / "ann/runs/config.py").read_text()))
    }
    assert names <= set(sys.stdlib_module_names)


def test_importing_the_package_imports_no_framework():
    code = "import ann, ann.runs.config, sys; sys.exit(bool({'keras', 'tensorflow', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
