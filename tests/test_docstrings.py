"""Every example in a docstring runs and prints what it says."""

import doctest
import importlib
import pathlib
import pkgutil

import keras
import numpy as np
import pandas as pd
import pytest

import ann
from ann import costs, data, ensembles, evaluation, export, losses, models
from ann.runs import config

MODULES = [module.name for module in pkgutil.walk_packages(ann.__path__, "ann.")]
NAMES = {
    "keras": keras,
    "np": np,
    "pd": pd,
    "costs": costs,
    "data": data,
    "ensembles": ensembles,
    "evaluation": evaluation,
    "export": export,
    "losses": losses,
    "models": models,
    "frame": pd.DataFrame({"exit": [0]}),
    **vars(config),
    **vars(losses),
    **vars(models),
}


@pytest.mark.parametrize("name", MODULES)
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    globs = {**NAMES, **vars(module), "tmp_path": tmp_path}
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module, name, globs=globs):
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


def test_there_are_examples():
    examples = [
        len(t.examples)
        for name in MODULES
        for t in doctest.DocTestFinder().find(importlib.import_module(name), name)
    ]
    assert sum(examples) >= 15


def test_every_module_is_found():
    files = {
        p.relative_to(pathlib.Path(ann.__path__[0]))
        for p in pathlib.Path(ann.__path__[0]).rglob("*.py")
    }
    assert len(files) == len(MODULES) + 1  # and ann/__init__.py
