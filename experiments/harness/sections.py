"""An experiment at a scale: measured from the store, compared with the paper, as tables of text."""

import pathlib
import typing

import pandas as pd

from ann.runs.identity import run_name
from experiments.harness import cells
from experiments.harness import verdicts as judged
from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.figures import draw
from experiments.harness.plan import plan
from experiments.harness.store import Stored

DASH = "–"


class Section(typing.NamedTuple):
    """An experiment at a scale: `verdicts.side_by_side`, `verdicts.verdicts`, figure files, what was run, as text."""

    name: str
    scale: str
    table: pd.DataFrame
    verdicts: pd.DataFrame
    figures: list
    made_of: str

    @property
    def measured(self) -> bool:
        """Whether there is any number of ours."""
        return bool(self.table.measured.notna().any())


def section(name: str, scale: str, stored: Stored, figures_dir=None) -> Section:
    """Measures and compares an experiment, and draws its figures if it is told where."""
    experiment = EXPERIMENTS[name]
    runs = plan(experiment, scale)
    found = cells.answers(experiment, runs, stored.exits)
    numbers = cells.cells(experiment, found)
    pictures = []
    if figures_dir is not None:
        path_of = lambda what: pathlib.Path(figures_dir) / f"{name}-{scale}-{what}.png"
        pictures = draw(experiment, found, numbers, runs, stored.sampling, path_of)
    table = judged.side_by_side(experiment, scale, cells.table(experiment, numbers))
    made_of = _made_of(experiment, scale, runs, found, stored.runs)
    return Section(name, scale, table, judged.verdicts(experiment, numbers), pictures, made_of)


def _made_of(experiment, scale, runs, found, stored) -> str:
    """What was run, on what, and how far the losses of the exits came apart, without which no weighting differs much."""
    settings = experiment.settings[scale]
    networks = ", ".join(
        "+".join([one] if isinstance(one, str) else one) for one in settings.networks
    )
    if experiment.measure == "milliseconds":
        names = {cells.wall_clock_name(run.networks, run.dataset) for run in runs}
        finished = stored[stored.index.isin(names)]
        return "; ".join([f"{networks}, untrained", *_hardware(finished)])
    names = {run_name(run.config) for run in runs}
    finished = stored[stored.index.isin(names)]
    parts = [
        f"{networks} on {', '.join(settings.datasets)}; {len(finished)} of {len(names)} runs finished"
    ]
    return "; ".join([*parts, *_training(finished), *_loss_ratios(found), *_hardware(finished)])


def _training(finished):
    if finished.empty:
        return
    for kind in (
        finished[["dataset", "train_examples", "epochs", "batch_size", "precision"]]
        .drop_duplicates()
        .itertuples()
    ):
        images = "all" if pd.isna(kind.train_examples) else f"{kind.train_examples:g}"
        yield f"{kind.dataset}: {images} training images, {kind.epochs:g} epochs, {kind.batch_size:g} a batch, {kind.precision}"


def _loss_ratios(found):
    ratios = []
    for method, rows in found.dropna(subset="training_loss").groupby("method", sort=False):
        losses = rows.groupby(["dataset", "networks", "seed"]).training_loss
        ratios.append(f"{method} {(losses.first() / losses.last()).mean():.1f}")
    if ratios:
        yield f"training loss of the first exit over the last one's: {', '.join(ratios)}"


def _hardware(finished):
    if finished.empty:
        return
    for made in (
        finished[["processor", "cores", "backend", "keras", "tensorflow"]]
        .drop_duplicates()
        .fillna(DASH)
        .itertuples()
    ):
        yield f"{made.processor}, {made.cores:g} cores; {made.backend}, Keras {made.keras}, TensorFlow {made.tensorflow}"


def table_as_text(one: Section) -> pd.DataFrame:
    """The table as printed: a row a method, columns for each cost; missing numbers as dashes."""
    experiment, rows = EXPERIMENTS[one.name], {}
    by = [*experiment.lines, "method"]
    for row in one.table.itertuples():
        cell = rows.setdefault(tuple(getattr(row, column) for column in by), {})
        label = row.cost if isinstance(row.cost, str) else f"{row.cost:g}"
        ours = _number(row.measured) + (f" ± {row.std:.2f}" if pd.notna(row.std) else "")
        if experiment.published:
            cell |= {f"{label} paper": _number(row.published), f"{label} ours": ours}
            cell[f"{label} difference"] = _number(row.difference, "+")
        else:
            cell[label] = ours
    columns = dict.fromkeys(label for cell in rows.values() for label in cell)
    frame = pd.DataFrame([dict(zip(by, key, strict=True)) | cell for key, cell in rows.items()])
    return frame.reindex(columns=[*by, *columns]).fillna(DASH)


def claims_as_text(one: Section) -> pd.DataFrame:
    """The verdicts; `of seeds` is the lowest and highest difference of a seed."""
    verdicts = one.verdicts
    spread = zip(verdicts.lowest, verdicts.highest, strict=True)
    return pd.DataFrame(
        {
            "claim": verdicts.claim,
            "published": [_number(value, "+") for value in verdicts.published],
            "ours": [_number(value, "+") for value in verdicts.measured],
            "of seeds": [
                DASH if pd.isna(low) else f"{low:+.2f} to {high:+.2f}" for low, high in spread
            ],
            "seeds": verdicts.seeds,
            "verdict": verdicts.verdict,
        }
    )


def _number(value, sign=""):
    return DASH if pd.isna(value) else f"{value:{sign}.2f}"


def verdict_counts(one: Section) -> str:
    """How many claims held, in words; a dash for what is not measured."""
    counts = one.verdicts.verdict.value_counts()
    words = {judged.UNMEASURED: "not measured"}
    found = [
        f"{counts[verdict]} {words.get(verdict, verdict)}"
        for verdict in judged.VERDICTS
        if verdict in counts
    ]
    return ", ".join(found) if one.measured else DASH
