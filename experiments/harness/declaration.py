"""What a table or figure of the papers consists of, as data. Standard library only: a declaration
is read without a framework.

An `Experiment` is rows (what is compared: its methods) times settings (networks and data sets)
times seeds. The difference between two rows is what the experiment claims.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

MILESTONES = (0.25, 0.5, 0.75, 1.0)
END = "end"  # the last answer, whatever it cost
AE = "AE"  # mean error over the exits (002 section 4.1)

JOINS = ("eann", "linear_ensemble", "opt_plus")
MEASURES = (
    "error_top1",
    "relative_increase",
    "settings_won",
    "training_loss_increase",
    "weight",
    "probability",
    "milliseconds",
)
SCALES = ("quick", "small", "paper")
RULES = ("closest_unit", "closest", "latest")
FIGURES = (
    "curves",
    "training_losses",
    "increase_over_depth",
    "pivoted",
    "weights_over_depth",
    "probabilities_over_training",
    "increase_bars",
)


def _require(condition: bool, allowed: str, **received: Any) -> None:
    if not condition:
        raise ValueError(
            f"{allowed}. Received: {', '.join(f'{name}={value!r}' for name, value in received.items())}"
        )


@dataclasses.dataclass(frozen=True)
class Row:
    """One method: what its runs have that those of the other rows have not.

    Attributes:
        method: as printed in the table.
        fields: fields of `ann.runs.config.RunConfig`, by name. A row with the weighting `opt` is OPT:
            one run for each exit wanted.
        network: which network of a setting it runs on, from small to large.
        join: made of several networks of the setting: "eann" (by depth; 002's rule),
            "linear_ensemble", "opt_plus".
        members: which networks of the setting are joined; none named: all.
        every_exit: OPT at every exit, not only at those nearest to the milestones.
        workers: of an EANN, that run its members in parallel (003).
        inflation: of an EANN, what its costs are divided by (002 Fig. 2e).
        against: row to compare with, where it is not the experiment's.
    """

    method: str
    fields: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    network: int = 0
    join: str | None = None
    members: tuple[int, ...] = ()
    every_exit: bool = False
    workers: int = 1
    inflation: float = 1.0
    against: str | None = None

    def __post_init__(self):
        _require(self.join in (None, *JOINS), f"join must be one of {JOINS}", join=self.join)
        of_eann = {"workers": self.workers, "inflation": self.inflation}
        _require(
            self.join == "eann" or set(of_eann.values()) == {1},
            "only an EANN has these",
            join=self.join,
            **of_eann,
        )

    @property
    def is_opt(self) -> bool:
        """Whether each of its exits comes from a run of its own."""
        return self.fields.get("weighting") == "opt" and self.join != "linear_ensemble"


@dataclasses.dataclass(frozen=True)
class Settings:
    """What a scale runs the rows on.

    Attributes:
        networks: names of `ann.models`, each the one network of a setting, or a tuple of those that
            a setting joins or pairs, small to large.
        datasets: names of `ann.data`.
        seeds: runs of everything, seeds 0, 1, ....
        methods: the rows that are run; none named: all.
        fields: fields of `RunConfig` beyond those of the scale (`experiments.harness.scales`).
        stand_ins: networks that stand for another, with the name of that in the published table.
    """

    networks: tuple[str | tuple[str, ...], ...]
    datasets: tuple[str, ...] = ("cifar10",)
    seeds: int = 1
    methods: tuple[str, ...] = ()
    fields: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    stand_ins: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Claim:
    """What the paper says of two numbers of the table.

    The number is `method` at `cost` minus `than` at `than_cost`; without `than`, the number itself.

    Attributes:
        text: the claim, so that a reader of the paper finds it.
        method, cost: a cell.
        direction: "below", "above", or "about" (nearer than `within`).
        than, than_cost: the cell to compare with; `than_cost` is `cost` by default.
        within: of "about", in the unit of the table.
        where: what chooses among the settings, such as {"dataset": "cifar10"}.
        than_where: the same of `than`, where it is in another setting.
    """

    text: str
    method: str
    direction: str
    than: str | None = None
    cost: float | str = 1.0
    than_cost: float | str | None = None
    within: float = 0.0
    where: Mapping[str, str] = dataclasses.field(default_factory=dict)
    than_where: Mapping[str, str] | None = None

    def __post_init__(self):
        _require(
            self.direction in ("below", "above", "about"),
            "direction: below, above, about",
            direction=self.direction,
        )
        _require(
            (self.direction == "about") == (self.within > 0),
            "'about' and only it needs within",
            within=self.within,
        )


@dataclasses.dataclass(frozen=True)
class Experiment:
    """A table or figure.

    Attributes:
        source: paper and item, such as "001 Table 1".
        title: what it shows.
        rows: the methods.
        settings: of each scale, "quick", "small", "paper".
        measure: what a cell is: "error_top1" (percent), "relative_increase" of it over `against`
            (percent), "settings_won" against it (percent), "training_loss_increase" over it
            (percent), "weight" of the loss at the end of training, "probability" of the sampler
            then, "milliseconds" an image.
        against: row to compare with.
        against_cost: cost at which that row is read; default: the cell's own.
        rule: the exit read at a milestone: "closest_unit" (nearest in residual units: how the
            authors chose OPT's exits), "closest" (nearest in MACs), "latest" (the last within the
            budget).
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
        methods = [row.method for row in self.rows]
        _require(
            len(set(methods)) == len(methods), "rows must have names of their own", rows=methods
        )
        _require(
            self.measure in MEASURES, f"measure must be one of {MEASURES}", measure=self.measure
        )
        _require(self.rule in RULES, f"rule must be one of {RULES}", rule=self.rule)
        _require(
            set(self.figures) <= set(FIGURES),
            f"figures must be among {FIGURES}",
            figures=self.figures,
        )
        against = {self.against, *(row.against for row in self.rows)} - {None}
        _require(against <= set(methods), "against must be a row", against=sorted(against))
        named = {claim.method for claim in self.claims} | {claim.than for claim in self.claims} - {
            None
        }
        _require(
            named <= set(methods), "claims must speak of rows", unknown=sorted(named - set(methods))
        )
        joined = any(row.join for row in self.rows)
        _require(
            not joined or self.rule != "closest_unit",
            "what joins networks has no units",
            rule=self.rule,
        )
        _require(
            tuple(self.settings) == SCALES,
            f"settings must be of {SCALES}",
            settings=list(self.settings),
        )
