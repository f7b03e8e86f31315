"""A table is one module in papers/ or studies/, and nothing else; commands find it and answer at
once."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from experiments.harness.catalogue import EXPERIMENTS, names_of

ROOT = pathlib.Path(__file__).parent.parent.parent.parent
TABLE = """
from experiments.harness.declaration import Claim, Experiment, Row, Settings

EXPERIMENT = Experiment(
    source="our new study",
    title="A study that was not there before",
    rows=(Row("CONST", {"weighting": "const"}), Row("LINEAR", {"weighting": "linear"})),
    settings={"quick": Settings(networks=("resann-n3-c8",))},
    claims=(Claim("LINEAR ends below CONST", "LINEAR", "below", than="CONST"),),
)
"""
# Runs a module of the tree in the working directory without TensorFlow and Keras.
LIGHT = (
    "import runpy, sys; sys.modules['tensorflow'] = sys.modules['keras'] = None; "
    "sys.argv = ['command', *sys.argv[2:]]; "
    "runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
)


def light(module, *arguments, cwd=ROOT, path=()):
    code = LIGHT.format(module=module)
    return subprocess.run(
        [sys.executable, "-c", code, "-", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path))},
    )


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the tree with one more module."""
    folder = tmp_path_factory.mktemp("tree")
    for name in ("papers", "studies", "harness"):
        shutil.copytree(ROOT / "experiments" / name, folder / "experiments" / name)
    for path in ROOT.glob("experiments/*.py"):
        shutil.copy(path, folder / "experiments")
    for name in ("Makefile", "setup.py", "pyproject.toml", "third_party/constraints.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "experiments" / "studies" / "new_study.py").write_text(TABLE)
    return folder


def test_a_new_table_is_found_by_its_folder(tree):
    shown = light("experiments.run", "--list", cwd=tree, path=[tree, ROOT])
    assert shown.returncode == 0, shown.stderr
    assert "new_study  (our new study)" in shown.stdout
    assert "    claim: LINEAR ends below CONST" in shown.stdout
    planned = light(
        "experiments.run", "--experiment=new-study", "--dry_run", cwd=tree, path=[tree, ROOT]
    )
    assert "new_study: 2 runs, 0 of them finished" in planned.stdout


def test_a_new_table_is_a_make_target(tree):
    made = subprocess.run(
        ["make", "-n", "new-study"], cwd=tree, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    assert "-m experiments.run --experiment=new-study --scale=quick" in made.stdout


def test_make_has_a_target_for_each_table_and_for_nothing_else():
    rules = subprocess.run(
        ["make", "-n", "-p", "no-such-target"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    (line,) = (line for line in rules.splitlines() if line.startswith("EXPERIMENTS := "))
    targets = line.removeprefix("EXPERIMENTS := ").split()
    assert sorted(targets) == sorted(name.replace("_", "-") for name in EXPERIMENTS)


@pytest.mark.parametrize("module", ["experiments.run", "experiments.report"])
def test_help_needs_no_framework_and_returns_0(module):
    shown = light(module, "--help")
    assert shown.returncode == 0, shown.stderr
    assert f"python -m {module}" in shown.stdout
    assert "--results_dir" in shown.stdout


def test_the_list_shows_claims_and_hours(tmp_path):
    shown = light("experiments.run", "--list", f"--results_dir={tmp_path}")
    assert shown.returncode == 0, shown.stderr
    for name, experiment in EXPERIMENTS.items():
        assert f"{name}  ({experiment.source})" in shown.stdout
    assert "claim: AdaLoss is below CONST at the end" in shown.stdout
    assert "hours unknown until a run has been timed" in shown.stdout


def test_a_dry_run_trains_nothing(tmp_path):
    shown = light(
        "experiments.run",
        "--experiment=adaloss-table1,adaloss_table3",
        "--dry_run",
        f"--results_dir={tmp_path}",
        f"--runs_dir={tmp_path}",
    )
    assert shown.returncode == 0, shown.stderr
    assert "adaloss_table1: 21 runs, 0 of them finished" in shown.stdout
    assert "to do      6.3e+11 MACs  OPT at exit 4, seed 2, resann-n3-c8, cifar10" in shown.stdout
    assert "all, with runs that they share once: 27 runs" in shown.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--experiment=adaloss-tabel1"], "Did you mean 'adaloss_table1'?"),
        (["--experiment=adaloss_table1", "--scale=smal"], "Did you mean 'small'?"),
        (["--experimant=adaloss_table1"], "Did you mean: experiment ?"),
        (["--experiment=adaloss_table1", "--hours=nan"], "hours=nan: it must be a positive number"),
    ],
)
def test_a_mistake_is_refused_at_once(arguments, message):
    refused = light("experiments.run", *arguments)
    assert refused.returncode == 1
    assert message in refused.stderr + refused.stdout
    assert "Traceback" not in refused.stderr


def test_a_scale_that_a_table_does_not_have_is_refused():
    with pytest.raises(ValueError, match="has the scales quick, small, paper"):
        names_of(["adaloss_fig5d"], "medium")


def test_all_are_those_that_have_the_scale():
    assert names_of(["all"], "paper") == [
        name for name, one in EXPERIMENTS.items() if "paper" in one.settings
    ]
    assert "adaloss_fig5d" not in names_of(["all"], "medium")
    assert names_of(["adaloss-table1"], "medium") == ["adaloss_table1"]
