"""All experiments by name, found in their folders: the papers' items, paper by paper, then our
studies.

A module whose name begins with an underscore holds constants that several declarations share; every
other module declares one experiment.
"""

import difflib
import importlib
import pkgutil

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
            hint = did_you_mean(name, EXPERIMENTS)
            raise ValueError(
                f"experiment must be one or more of {', '.join(EXPERIMENTS)}, or all. "
                f"Received: {name}{hint}"
            )
        if scale not in EXPERIMENTS[name].settings:
            has = ", ".join(EXPERIMENTS[name].settings)
            raise ValueError(f"{name} has the scales {has}. Received: scale={scale!r}")
    return names


def did_you_mean(name: str, allowed) -> str:
    """A hint to the name that is most like the one received, or nothing.

    Example:
        >>> did_you_mean("smal", ["quick", "small"])
        '. Did you mean small?'
    """
    alike = difflib.get_close_matches(name, list(allowed), n=1)
    return f". Did you mean {alike[0]}?" if alike else ""
