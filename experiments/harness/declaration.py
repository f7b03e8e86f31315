"""What a table or figure consists of, as data. Standard library only: a declaration is read
without a framework.

An `Experiment` is rows (what is compared: its methods) times settings (networks and data sets)
times seeds. The difference between two rows is what the experiment claims.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

MILESTONES = (0.25, 0.5, 0.75, 1.0)
END = "end"  # the last answer, whatever it costs
AE = "AE"  # mean over the exits (002 section 4.1)
TIMELINESS = "timeliness"  # mean accuracy of interruptions at evenly drawn costs (002 section 4.3)
SPREAD = "spread"  # largest minus smallest value over the exits
LAST_BUT_ONE, LAST_BUT_TWO = "last exit but one", "last exit but two"
FIRST = "first exit"
SUPREMUM, SUPREMUM_FORMULA = "sup C", "sup C, formula"
MEAN_COST, MEAN_COST_BOUND = "E[C]", "E[C], bound"
# Words that stand for a place on a curve, with the exit that they name.
EXITS = {FIRST: 0, LAST_BUT_TWO: -3, LAST_BUT_ONE: -2, END: -1}

# How the answers of joined networks are read: at fractions of the largest one's cost.
OF_LARGEST = {
    "rule": "latest",
    "of_network": -1,
    "costs": (*MILESTONES, END),
    "figures": ("curves",),
}

SCALES = ("quick", "small", "medium", "paper")
JOINS = ("eann", "linear_ensemble", "opt_plus", "plain_sequence")
SELECTIONS = ("depth", "validation")
RULES = ("closest_unit", "closest_layer", "closest", "latest", "interpolate")
OF_TRAINING = (
    "error_top1",
    "relative_increase",
    "settings_won",
    "cost_to_reach",
    "training_loss",
    "training_loss_increase",
    "weight",
    "probability",
)
# What needs no training: arithmetic, and numbers of a benchmark's CSV.
EXACT = ("cost_inflation", "share_of_heads")
BENCHMARKED = ("milliseconds", "task_error")
MEASURES = (*OF_TRAINING, *EXACT, *BENCHMARKED)
FIGURES = (
    "curves",
    "training_losses",
    "increase_over_depth",
    "pivoted",
    "weights_over_depth",
    "probabilities_over_training",
    "increase_bars",
    "cost_ratio",
)
DIRECTIONS = ("below", "above", "about", "between")


def _require(condition: bool, allowed: str, **received: Any) -> None:
    if not condition:
        values = ", ".join(f"{name}={value!r}" for name, value in received.items())
        raise ValueError(f"{allowed}. Received: {values}")


@dataclasses.dataclass(frozen=True)
class Row:
    """One method: what distinguishes its runs from those of the other rows.

    Attributes:
        method: as printed in the table.
        fields: fields of `ann.runs.config.RunConfig`, by name. A row with the weighting `opt` is
            OPT: one run for each exit that is read.
        network: which network of a setting it runs on, from small to large.
        group: takes its networks from this group of the settings instead.
        join: made of all networks of the setting (or of the group): "eann", "linear_ensemble",
            "opt_plus", or "plain_sequence" (networks that answer only at their end, one after the
            other).
        selection: which exits of an EANN answer: those deeper than the member before them, "depth"
            (002), or those that are better on held-out images, "validation" (001, 003).
        every_exit: OPT at every exit, not only at those nearest to the milestones.
        workers: of an EANN, that run its members in parallel (003).
        rule: how its curve is read, where it is not by the experiment's rule.
        against: row to compare with, where it is not the experiment's.
    """

    method: str
    fields: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    network: int = 0
    group: str = ""
    join: str | None = None
    selection: str = "depth"
    every_exit: bool = False
    workers: int = 1
    rule: str | None = None
    against: str | None = None

    def __post_init__(self):
        _require(self.join in (None, *JOINS), f"join must be one of {JOINS}", join=self.join)
        _require(
            self.selection in SELECTIONS,
            f"selection must be one of {SELECTIONS}",
            selection=self.selection,
        )
        _require(
            self.join == "eann" or (self.workers, self.selection) == (1, "depth"),
            "only an EANN has workers and a selection",
            join=self.join,
            workers=self.workers,
            selection=self.selection,
        )
        _require(self.rule in (None, *RULES), f"rule must be one of {RULES}", rule=self.rule)

    @property
    def is_opt(self) -> bool:
        """Whether each of its exits comes from a run of its own."""
        plain = ("linear_ensemble", "plain_sequence")
        return self.fields.get("weighting") == "opt" and self.join not in plain


@dataclasses.dataclass(frozen=True)
class Settings:
    """What a scale runs the rows on.

    Attributes:
        networks: names of `ann.models`, each the one network of a setting, or a tuple of those that
            a setting joins or pairs, small to large.
        datasets: names of `ann.data`.
        seeds: runs of everything, seeds 0, 1, ...; None: as many as the scale has
            (`experiments.harness.scales.SEEDS`).
        methods: the rows that are run; none named: all.
        fields: fields of `RunConfig` beyond those of the scale (`experiments.harness.scales`).
        variants: each row is run with each of these fields, too; a row's own fields win.
        groups: further networks by name, for rows that ask for them.
        opt_at_milestones: train OPT at the milestones only, whatever its row asks for.
        replaces: of networks that stand for a published one, the name of that.
        stand_in: what runs here in place of what the paper ran, in a few words; its claims are
            shown and not counted.
    """

    networks: tuple[str | tuple[str, ...], ...]
    datasets: tuple[str, ...] = ("cifar10",)
    seeds: int | None = None
    methods: tuple[str, ...] = ()
    fields: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    variants: tuple[Mapping[str, Any], ...] = ({},)
    groups: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    opt_at_milestones: bool = False
    replaces: Mapping[str, str] = dataclasses.field(default_factory=dict)
    stand_in: str = ""

    @property
    def count(self) -> int:
        """How many settings there are."""
        return len(self.networks) * len(self.datasets) * len(self.variants)


@dataclasses.dataclass(frozen=True)
class Claim:
    """What the paper says of two numbers of the table.

    The number is `method` at `cost` minus `than` at `than_cost`; without `than`, the number itself.

    Attributes:
        text: the claim, so that a reader of the paper finds it.
        method, cost: a cell.
        direction: "below", "above", "about" (nearer than `within`, in every setting), or "between"
            the `bounds`, on average.
        than, than_cost: the cell to compare with; `than_cost` is `cost` by default.
        within: of "about", in the unit of the table.
        bounds: of "between", in the unit of the table.
        where: what chooses among the settings, such as {"dataset": "cifar10"}; a network that
            stands for a published one is chosen by the published name.
        than_where: the same of `than`, where it is in another setting.
        control: a row that the claim must not hold for in place of `than`.
        section: where the paper says it, if not at the table.
    """

    text: str
    method: str
    direction: str
    than: str | None = None
    cost: float | str = 1.0
    than_cost: float | str | None = None
    within: float = 0.0
    bounds: tuple[float, float] | None = None
    where: Mapping[str, str] = dataclasses.field(default_factory=dict)
    than_where: Mapping[str, str] | None = None
    control: str | None = None
    section: str = ""

    def __post_init__(self):
        _require(
            self.direction in DIRECTIONS,
            f"direction must be one of {DIRECTIONS}",
            direction=self.direction,
        )
        _require(
            (self.direction == "about") == (self.within > 0),
            "'about' and only it needs within",
            within=self.within,
        )
        _require(
            (self.direction == "between") == (self.bounds is not None),
            "'between' and only it needs bounds",
            bounds=self.bounds,
        )
        _require(
            self.control is None or self.than is not None,
            "a control takes the place of than",
            control=self.control,
        )


@dataclasses.dataclass(frozen=True)
class Experiment:
    """A table or figure.

    Attributes:
        source: paper and item, such as "001 Table 1"; what does not begin with the number of a
            paper is a study of this project.
        title: what it shows.
        rows: the methods.
        settings: of each scale that it has, among `SCALES`.
        measure: what a cell is: "error_top1" (percent), "relative_increase" of it over `against`
            (percent), "settings_won" against it (percent), "cost_to_reach" the error of `against`
            at the same place (in units of that network's cost), "training_loss" (nats),
            "training_loss_increase" over `against` (percent), "weight" of the loss at the end of
            training, "probability" of the sampler then, "cost_inflation" (Proposition 4.1),
            "share_of_heads" in the MACs (percent), "milliseconds" for one image, "task_error" of
            each task of a network of several (percent; its columns are tasks).
        against: row to compare with.
        against_cost: cost at which that row is read; default: the cell's own.
        rule: the exit read at a milestone: "closest_unit" (nearest in residual units: how the
            authors chose OPT's exits), "closest_layer" (nearest in layers), "closest" (nearest in
            MACs), "latest" (the last within the budget in MACs: what an interrupted network
            answers), "interpolate" (between the exits on both sides, in units). OPT is always read
            at the exits that it was trained for.
        of_network: the network of a setting whose cost the milestones are fractions of; None: each
            row's own.
        costs: columns of the table.
        lines: what has a line of its own beside the method: "dataset", "networks"; the rest is
            averaged over.
        published: name of the table in third_party/published.
        published_methods: our rows' names there, where they differ.
        published_by: the column there that tells the rows apart.
        published_where: values of columns there that choose among its rows.
        figures: kinds of pictures.
        claims: what the paper says of it.
    """

    source: str
    title: str
    rows: tuple[Row, ...]
    settings: Mapping[str, Settings]
    measure: str = "error_top1"
    against: str | None = None
    against_cost: float | str | None = None
    rule: str = "closest_unit"
    of_network: int | None = None
    costs: tuple[float | str, ...] = MILESTONES
    lines: tuple[str, ...] = ()
    published: str | None = None
    published_methods: Mapping[str, str] = dataclasses.field(default_factory=dict)
    published_by: str = "method"
    published_where: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    figures: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()

    def __post_init__(self):
        _require(
            self.measure in MEASURES, f"measure must be one of {MEASURES}", measure=self.measure
        )
        _require(self.rule in RULES, f"rule must be one of {RULES}", rule=self.rule)
        _require(
            set(self.figures) <= set(FIGURES),
            f"figures must be among {FIGURES}",
            figures=self.figures,
        )
        _require(
            self.settings and set(self.settings) <= set(SCALES),
            f"settings must be of one or more of {SCALES}",
            settings=list(self.settings),
        )
        self._check_names()
        self._check_reading()

    def _check_names(self):
        methods = [row.method for row in self.rows]
        _require(
            len(set(methods)) == len(methods), "rows must have names of their own", rows=methods
        )
        against = {self.against, *(row.against for row in self.rows)} - {None}
        _require(against <= set(methods), "against must be a row", against=sorted(against))
        named = {
            name for one in self.claims for name in (one.method, one.than, one.control) if name
        }
        unknown = sorted(named - set(methods))
        _require(not unknown, "claims must speak of rows", unknown=unknown)
        run = {name for settings in self.settings.values() for name in settings.methods}
        _require(run <= set(methods), "settings must name rows", unknown=sorted(run - set(methods)))

    def _check_reading(self):
        """An answer of joined networks, or at another network's cost, is read once it is there."""
        if self.of_network is not None or any(row.join for row in self.rows):
            _require(
                self.rule == "latest",
                "what joins or pairs networks is read by the rule 'latest'",
                rule=self.rule,
            )

    @property
    def is_trained(self) -> bool:
        """Whether its numbers come from training runs."""
        return self.measure in OF_TRAINING

    @property
    def paper(self) -> str:
        """Number of the paper, or "ours"."""
        return self.source[:3] if self.source[:3].isdigit() else "ours"
