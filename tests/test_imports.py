"""The floors: imports go downward only, and what promises to need no TensorFlow imports none."""

import ast
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent

# Modules at the bottom, which stand on nothing and which every room may import.
BOTTOM = {"atomic_write", "did_you_mean", "keras_private", "lazy", "milestones"}

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
    "runs": {
        "costs",
        "data",
        "evaluation",
        "export",
        "layers",
        "losses",
        "models",
        "runtime",
        "training",
    },
    "commands": {"evaluation", "runs", "runtime"},
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


# Outside the library, module by module where a floor has several: what each imports of the rest of
# the tree and of `ann`. Commands stand above the machinery, the machinery above the declarations.
COMMANDS = {
    "collect": {"ann.atomic_write", "ann.commands", "ann.runs"},
    "demo": {
        "ann.commands",
        "ann.data",
        "ann.evaluation",
        "ann.runs",
        "ann.runtime",
        "story",
    },
    "kit": {"ann.commands", "harness.kit", "harness.store"},
    "network_costs": {
        "ann.atomic_write",
        "ann.commands",
        "harness.catalogue",
        "harness.network_costs",
        "harness.plan",
    },
    "presets": {"ann.commands", "ann.runs"},
    "report": {"ann.commands", "harness.page", "harness.readme_table"},
    "run": {
        "ann.commands",
        "ann.did_you_mean",
        "ann.runs",
        "harness.catalogue",
        "harness.declaration",
        "harness.parts",
        "harness.plan",
        "harness.plan_text",
        "harness.runner",
        "harness.sections",
        "harness.store",
        "harness.wanted",
    },
    "train": {"ann.commands"},
}
MACHINERY = {
    "declaration": set(),
    "scales": set(),
    "published": set(),
    "stored_config": {"ann.runs"},
    "catalogue": {"ann.did_you_mean", "declaration", "papers", "studies"},
    "network_costs": {"ann.costs", "ann.models", "scales"},
    "plan": {"ann.milestones", "ann.runs", "declaration", "network_costs", "scales"},
    "parts": {"ann.did_you_mean", "plan"},
    "wanted": {"catalogue", "parts", "plan"},
    "store": {"ann.atomic_write", "ann.evaluation", "ann.runs"},
    "kit": {"ann.atomic_write", "ann.data", "ann.runs"},
    "plan_text": {"ann.runs", "catalogue", "plan", "store"},
    "answers": {
        "ann.ensembles",
        "ann.evaluation",
        "declaration",
        "network_costs",
        "plan",
    },
    "cells": {"ann.evaluation", "ann.milestones", "answers", "declaration"},
    "untrained": {"ann.ensembles", "answers", "declaration", "network_costs"},
    "comparison": {"answers", "declaration", "published"},
    "differences": {"answers", "declaration"},
    "verdicts": {
        "ann.evaluation",
        "answers",
        "comparison",
        "declaration",
        "differences",
    },
    "figures": {
        "ann.ensembles",
        "ann.evaluation",
        "answers",
        "declaration",
        "untrained",
    },
    "joined": {"ann.data", "ann.ensembles", "ann.evaluation", "ann.runs", "answers"},
    "workers": {"ann.runs", "store"},
    "runs_bar": {"ann.runs"},
    "runner": {
        "ann.data",
        "ann.runs",
        "catalogue",
        "joined",
        "plan",
        "runs_bar",
        "wanted",
        "workers",
    },
    "sections": {
        "answers",
        "catalogue",
        "cells",
        "comparison",
        "figures",
        "plan",
        "store",
        "untrained",
        "verdicts",
    },
    "states": {"catalogue", "declaration", "verdicts"},
    "page_text": {"catalogue", "sections", "states", "verdicts"},
    "readme_table": {"ann.atomic_write", "page_text"},
    "page_html": {
        "ann.evaluation",
        "catalogue",
        "page_text",
        "sections",
        "states",
        "verdicts",
    },
    "page_markdown": {"catalogue", "page_text", "sections", "states"},
    "page": {
        "ann.atomic_write",
        "catalogue",
        "page_html",
        "page_markdown",
        "sections",
        "states",
        "store",
        "verdicts",
    },
}
# The demo's parts; each may import those before it.
STORY = ["chart", "networks", "race", "trained", "pictures", "words", "page"]
EXAMPLES = {"ann.data", "ann.evaluation", "ann.losses", "ann.models", "ann.runs"}
BENCHMARKS = {
    "ann.atomic_write",
    "ann.commands",
    "ann.costs",
    "ann.data",
    "ann.ensembles",
    "ann.evaluation",
    "ann.export",
    "ann.graph",
    "ann.layers",
    "ann.losses",
    "ann.models",
    "ann.runs",
    "ann.runtime",
    "ann.training",
}


def parts_imported_by(path) -> set[str]:
    """What a module outside the library imports: rooms of `ann`, modules of the machinery without
    the name of its folder, and other folders."""
    found = set()
    for name in imported_modules(ast.parse(path.read_text())):
        parts = name.split(".")
        if parts[0] == "ann":
            found.add(".".join(parts[:2]))
        elif parts[:2] == ["experiments", "harness"]:
            in_harness = path.parent.name == "harness"
            found.add(parts[2] if in_harness else f"harness.{parts[2]}")
        elif parts[0] in ("experiments", "benchmarks", "examples", "tests"):
            found.add(parts[1] if parts[0] == "experiments" else parts[0])
    return found


def modules_in(folder):
    return [path for path in sorted((ROOT / folder).glob("*.py")) if path.stem != "__init__"]


def test_there_are_few_commands():
    assert {path.stem for path in modules_in("experiments")} == set(COMMANDS)
    assert len(COMMANDS) <= 8


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_imports_what_the_table_says_and_nothing_else(name):
    assert parts_imported_by(ROOT / "experiments" / f"{name}.py") == COMMANDS[name]


def test_every_module_of_the_machinery_is_in_the_table():
    assert {path.stem for path in modules_in("experiments/harness")} == set(MACHINERY)


def test_the_parts_of_the_demo_stand_on_the_library_and_those_before_them():
    assert {path.stem for path in modules_in("experiments/story")} == set(STORY)
    for path in modules_in("experiments/story"):
        names = list(imported_modules(ast.parse(path.read_text())))
        own = {name.split(".")[2] for name in names if name.startswith("experiments.story.")}
        others = [name for name in names if name.startswith("experiments.")]
        assert own <= set(STORY[: STORY.index(path.stem)]), path
        assert all(name.startswith("experiments.story.") for name in others), path


@pytest.mark.parametrize("name", MACHINERY)
def test_the_machinery_imports_what_the_table_says_and_nothing_else(name):
    path = ROOT / "experiments" / "harness" / f"{name}.py"
    assert parts_imported_by(path) == MACHINERY[name]


def test_the_machinery_has_no_cycle():
    above = list(MACHINERY)  # each stands on what is above it in the table
    for index, name in enumerate(above):
        own = {part for part in MACHINERY[name] if part in MACHINERY}
        assert own <= set(above[:index]), name


@pytest.mark.parametrize("folder", ["papers", "studies"])
def test_declarations_import_the_declaration_alone(folder):
    standard = {"itertools"}
    for path in modules_in(f"experiments/{folder}"):
        names = set(imported_modules(ast.parse(path.read_text())))
        shared = f"experiments.{folder}._"
        others = {
            name
            for name in names
            if not name.startswith(("experiments.harness.declaration.", shared))
        }
        assert others <= standard, path


@pytest.mark.parametrize(
    ("folder", "allowed"), [("examples", EXAMPLES), ("benchmarks", BENCHMARKS)]
)
def test_what_stands_on_the_library_alone(folder, allowed):
    found = set().union(*map(parts_imported_by, modules_in(folder)))
    assert found - {folder} == allowed


def succeeds_elsewhere(code) -> bool:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_configs_and_names_need_no_framework():
    modules = "ann, ann.data, ann.losses, ann.runs.config, ann.runs.flags, ann.runs.identity"
    heavy = "{'keras', 'tensorflow', 'jax', 'pandas'}"
    assert succeeds_elsewhere(f"import sys, {modules}; sys.exit(bool({heavy} & set(sys.modules)))")


def test_handing_out_runs_needs_no_framework():
    module, heavy = "experiments.harness.runner", "{'keras', 'tensorflow'}"
    assert succeeds_elsewhere(f"import sys, {module}; sys.exit(bool({heavy} & set(sys.modules)))")


def test_importing_the_package_imports_nothing():
    heavy = "{'keras', 'tensorflow', 'numpy'}"
    assert succeeds_elsewhere(f"import ann, sys; sys.exit(bool({heavy} & set(sys.modules)))")
