"""All experiments by name, found in their folders: the papers' items in the order of the papers,
then our studies."""

import importlib
import pkgutil

from experiments import papers, studies
from experiments.harness.declaration import Experiment


def _found(package) -> dict[str, Experiment]:
    """The experiment of each module of a package that declares one."""
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    modules = {name: importlib.import_module(f"{package.__name__}.{name}") for name in names}
    return {
        name: module.EXPERIMENT for name, module in modules.items() if hasattr(module, "EXPERIMENT")
    }


EXPERIMENTS = {**_found(papers), **_found(studies)}
