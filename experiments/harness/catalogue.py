"""All experiments by name, found in their folders: the papers' items, paper by paper, then our
studies.

A module whose name begins with an underscore holds constants that several declarations share; every
other module declares one experiment.
"""

import importlib
import pkgutil

from ann.did_you_mean import unknown_name
from experiments import papers, studies
from experiments.harness.declaration import Experiment

# Of the papers: 000 is an earlier draft of 001.
_ORDER = ("001", "000", "002", "003", "ours")


def _found(package) -> dict[str, Experiment]:
    """The experiment of each module of a package that declares one."""
    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    found = {
        name: importlib.import_module(f"{package.__name__}.{name}").EXPERIMENT
        for name in sorted(names)
        if not name.startswith("_")
    }
    return dict(sorted(found.items(), key=lambda item: _ORDER.index(item[1].paper)))


EXPERIMENTS = {**_found(papers), **_found(studies)}


def names_of(wanted, scale: str) -> list[str]:
    """The experiments that a user names, dashes or underscores alike; "all" are those that have the
    scale.

    Raises:
        ValueError: no such experiment, or it does not have the scale.
    """
    if list(wanted) == ["all"]:
        return [name for name, one in EXPERIMENTS.items() if scale in one.settings]
    names = [name.replace("-", "_") for name in wanted]
    for name in names:
        if name not in EXPERIMENTS:
            raise ValueError(unknown_name("experiment", name, EXPERIMENTS, also="all"))
        if scale not in EXPERIMENTS[name].settings:
            has = ", ".join(EXPERIMENTS[name].settings)
            raise ValueError(f"{name} has the scales {has}. Received: scale={scale!r}")
    return names
