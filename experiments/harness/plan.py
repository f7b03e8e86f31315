"""From a declaration to the runs it needs, and what they cost. Nothing is trained or built here."""

import collections
import dataclasses
import functools
import typing
from collections.abc import Callable

import numpy as np
import pandas as pd

from ann.milestones import milestone_exits
from ann.runs.config import RunConfig
from ann.runs.identity import run_name
from experiments.harness.declaration import Experiment, Row, Settings
from experiments.harness.network_costs import network_exits
from experiments.harness.scales import DATASETS, FIELDS, OF_PAPER, SEEDS

# A training step costs a forward pass and, for the gradients with respect to inputs and kernels,
# twice as much again.
_PASSES = 3
# Timed runs that tell how long another takes.
_ALIKE = 9
_name = functools.cache(run_name)  # many tables share their runs
_NOTHING_TIMED = pd.DataFrame({"training_macs": [], "workers": [], "seconds": []})


@dataclasses.dataclass(frozen=True)
class PlannedRun:
    """One run of a row.

    Attributes:
        dataset, networks, variant, method, seed: where it stands in the table; `networks` are those
            of the setting, joined by "+", `variant` the fields of the setting.
        member: which network of the row it is.
        exit: of OPT, the exit it is trained for; None: all its exits count.
        config: what to run.
    """

    dataset: str
    networks: str
    variant: str
    method: str
    seed: int
    member: int
    exit: int | None
    config: RunConfig

    @property
    def cell(self) -> tuple:
        """Where it stands in the table, as `cells.CELL`."""
        return (self.dataset, self.networks, self.variant, self.method, self.seed)

    @property
    def name(self) -> str:
        """Name of the run (`ann.runs.identity.run_name`)."""
        return _name(self.config)


def plan(experiment: Experiment, scale: str) -> list[PlannedRun]:
    """All runs of a table at a scale, row by row; equal runs of several rows or tables have equal
    configs. None for what is not trained.

    Raises:
        ValueError: a field or value is none of `RunConfig`, or changes where exits are without
            `network_costs` knowing it.
    """
    settings, runs = experiment.settings[scale], []
    if not experiment.is_trained:
        return runs
    of_paper = OF_PAPER.get(experiment.paper, {})
    for place in _places(experiment, settings, settings.seeds or SEEDS[scale]):
        for member, model in enumerate(_members(place.row, settings, place.networks)):
            fields = FIELDS[scale][place.dataset] | of_paper.get(place.dataset, {})
            fields |= dict(settings.fields) | dict(place.variant) | dict(place.row.fields)
            _require_known_costs(fields)
            fields |= {"dataset": place.dataset, "model": model, "seed": place.seed}
            fields |= {"hold_out": True} if place.row.selection == "validation" else {}
            for opt_at in _opt_exits(place.row, settings, fields):
                config = RunConfig.from_fields(
                    fields if opt_at is None else fields | {"opt_at": opt_at}
                )
                own = opt_at if place.row.is_opt else None
                runs.append(
                    PlannedRun(
                        place.dataset,
                        "+".join(place.networks),
                        " ".join(f"{name}={value}" for name, value in place.variant.items()),
                        place.row.method,
                        place.seed,
                        member,
                        own,
                        config,
                    )
                )
    return runs


def _require_known_costs(fields):
    """Costs are looked up by the name of a network and its period alone."""
    unknown = {name: fields[name] for name in ("first_exit", "preset") if name in fields}
    if unknown:
        raise ValueError(f"network_costs knows networks by name and s alone. Received: {unknown}")


class _Place(typing.NamedTuple):
    """A row in a setting, for a seed."""

    row: Row
    dataset: str
    networks: tuple[str, ...]
    variant: dict
    seed: int


def _places(experiment, settings: Settings, seeds: int = 1):
    for seed in range(seeds):
        for dataset in settings.datasets:
            for networks in settings.networks:
                setting = (networks,) if isinstance(networks, str) else networks
                for variant in settings.variants:
                    for row in experiment.rows:
                        if row.method in settings.methods or not settings.methods:
                            yield _Place(row, dataset, setting, variant, seed)


def _members(row: Row, settings: Settings, networks) -> tuple[str, ...]:
    """The networks of a row: one of the setting, or all that it joins."""
    chosen = settings.groups[row.group] if row.group else networks
    return tuple(chosen) if row.join else (chosen[row.network],)


def _opt_exits(row: Row, settings: Settings, fields):
    """Exits that OPT is trained for, the last one for a plain network; None for what is not OPT."""
    if fields.get("weighting") != "opt":
        return [None]
    count = len(network_exits(fields["model"], fields.get("s"), fields["dataset"]))
    if not row.is_opt:
        return [count - 1]
    if row.every_exit and not settings.opt_at_milestones:
        return range(count)
    return milestone_exits([(k + 1) / count for k in range(count)], "closest")


def networks(experiment: Experiment, scale: str) -> set[tuple]:
    """`(model, s, dataset)` of each network of an experiment, without asking what it costs."""
    settings = experiment.settings[scale]
    if experiment.measure in ("cost_inflation", "task_error"):  # none of ann.models
        return set()
    return {
        (model, place.row.fields.get("s"), place.dataset)
        for place in _places(experiment, settings)
        for model in (
            *_members(place.row, settings, place.networks),
            *(place.networks if experiment.of_network is not None else ()),
        )
    }


def training_macs(config: RunConfig) -> float:
    """MACs of a run's training: forward and backward passes over all its images, OPT's as far as
    its exit."""
    images, _, _ = DATASETS[config.data.dataset]
    images = config.data.train_examples or images
    last = config.weighting.opt_at if config.weighting.weighting == "opt" else -1
    of_exits = network_exits(config.model.model, config.model.s, config.data.dataset).macs
    passes = _PASSES * of_exits.iloc[last]
    if config.training.training_mode == "one_by_one":  # each stage goes back through its own part
        passes = of_exits.sum() + (_PASSES - 1) * of_exits.iloc[-1]
    return float(passes * images * config.training.epochs)


class Plan(typing.NamedTuple):
    """How much there is to do: runs, those of them that are finished, MACs of all, hours of the
    others (None: unknown)."""

    runs: int
    finished: int
    macs: float
    hours_left: float | None


def summary(runs, stored: pd.DataFrame) -> Plan:
    """What a plan still needs.

    Args:
        runs: of `plan`.
        stored: finished runs (`RunStore.runs`); the median speed of those that were timed and are
            nearest in size tells how long the others take.
    """
    macs = {run.name: training_macs(run.config) for run in runs}
    left = [value for name, value in macs.items() if name not in stored.index]
    hours = hours_of(stored)
    sizes = collections.Counter(left).items()  # seeds and weightings of a network cost the same
    hours_left = sum(count * hours(value) for value, count in sizes) if hours else None
    return Plan(len(macs), len(macs) - len(left), sum(macs.values()), hours_left)


def hours_of(stored: pd.DataFrame) -> Callable[[float], float] | None:
    """How long training takes, all workers together.

    Args:
        stored: finished runs (`RunStore.runs`).

    Returns:
        A function from the MACs of a run to hours, by the median speed of the timed runs that are
        nearest in size; None where no run was timed.
    """
    timed = stored[stored["seconds"].notna()] if "seconds" in stored else _NOTHING_TIMED
    if not len(timed):
        return None
    speeds = (timed.training_macs * timed.workers / timed.seconds * 3600).to_numpy(float)
    known = timed.training_macs.to_numpy(float)
    return functools.cache(lambda macs: macs / _macs_per_hour(known, speeds, macs))


def _macs_per_hour(known, speeds, macs: float) -> float:
    """On runs of about that size: small ones mostly start and evaluate."""
    nearest = np.argsort(np.abs(np.log(known / macs)), kind="stable")[:_ALIKE]
    return float(np.median(speeds[nearest]))
