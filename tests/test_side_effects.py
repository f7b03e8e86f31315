"""Importing the library, and loading data with it, leaves the settings of the process alone."""

import os
import subprocess
import sys

# Loads what the library depends on, imports every module of the library, and compares the settings
# of the process before and after.
IMPORT_EVERYTHING = """
import importlib, logging, os, pkgutil, random, sys, warnings
import absl.logging, keras, matplotlib, matplotlib.backends.backend_agg, matplotlib.figure
import numpy as np
import pandas, scipy.optimize, scipy.special, scipy.stats, tensorflow
import ann

def settings():
    loggers = [name for name in logging.root.manager.loggerDict if not name.startswith("ann")]
    return {
        "matplotlib": dict(matplotlib.rcParams),
        "absl": absl.logging.get_verbosity(),
        "logging": {name: logging.getLogger(name).level for name in ["root", *loggers]},
        "handlers": list(logging.root.handlers),
        "environment": dict(os.environ),
        "warnings": list(warnings.filters),
        "random": random.getstate(),
        "numpy": repr(np.random.get_state()),
        "keras": (keras.config.dtype_policy(), keras.config.image_data_format()),
    }

before = settings()
for module in pkgutil.walk_packages(ann.__path__, "ann."):
    importlib.import_module(module.name)
after = settings()
before["logging"] = {name: before["logging"].get(name, 0) for name in after["logging"]}
changed = sorted(name for name in before if before[name] != after[name])
assert not changed, f"importing ann changes {changed}"
assert "ann.evaluation.figure" in sys.modules and "ann.data.tfds_builder" in sys.modules
"""

LOAD_DATA = """
import logging, sys
from ann import data

logging.getLogger("absl").setLevel(logging.DEBUG)
try:
    data.load("cifar10", data_dir=sys.argv[1])
except FileNotFoundError:
    assert logging.getLogger("absl").level == logging.DEBUG
else:
    raise AssertionError("there is no data in an empty folder")
"""


def run(code, *arguments):
    finished = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "MPLBACKEND": "svg", "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-2000:]


def test_importing_every_room_changes_no_setting_of_the_process():
    run(IMPORT_EVERYTHING)


def test_loading_data_does_not_change_the_log_level(tmp_path):
    run(LOAD_DATA, str(tmp_path))
