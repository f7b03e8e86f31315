"""An experiment at a scale: measured from the store, compared with the paper, as tables of text."""

import pathlib
import typing

import pandas as pd

from experiments.harness import answers, cells, comparison, untrained
from experiments.harness import verdicts as judged
from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.figures import draw
from experiments.harness.plan import plan
from experiments.harness.store import Stored

DASH = "–"


class Section(typing.NamedTuple):
    """An experiment at a scale: `comparison.side_by_side`, `verdicts.verdicts`, what each of them
    is made of (`verdicts.evidence`), figure files with their curves (`figures.draw`), what was run,
    as text."""

    name: str
    scale: str
    table: pd.DataFrame
    verdicts: pd.DataFrame
    evidence: list
    figures: dict
    made_of: str

    @property
    def measured(self) -> bool:
        """Whether there is any number of ours."""
        return bool(self.table.measured.notna().any())


def section(name: str, scale: str, stored: Stored, folder, figures_dir=None) -> Section:
    """Measures and compares an experiment, and draws its figures if it is told where.

    Args:
        name, scale: which.
        stored: the finished runs.
        folder: of the results, for the numbers that a benchmark measured.
        figures_dir: where figures are written; None: nowhere.
    """
    experiment = EXPERIMENTS[name]
    runs, found, numbers = _measure(experiment, scale, stored, folder)
    pictures = {}
    if figures_dir is not None:
        path_of = lambda what: pathlib.Path(figures_dir) / f"{name}-{scale}-{what}.png"
        pictures = draw(experiment, found, numbers, runs, stored.sampling, path_of)
    table = comparison.side_by_side(experiment, scale, cells.table(experiment, numbers))
    verdicts = judged.verdicts(experiment, scale, numbers)
    evidence = judged.evidence(experiment, runs)
    made_of = _made_of(experiment, scale, runs, found, stored.runs)
    return Section(name, scale, table, verdicts, evidence, pictures, made_of)


def _measure(experiment, scale, stored, folder):
    """The plan, the curves and the cells of an experiment."""
    if experiment.measure == "cost_inflation":
        return [], answers.as_answers([]), untrained.cost_ratios(experiment, scale)
    if experiment.measure == "task_error":
        return [], answers.as_answers([]), untrained.task_errors(experiment, scale, folder)
    if not experiment.is_trained:
        found = untrained.untrained_answers(experiment, scale, folder)
        return [], found, cells.cells(experiment, found)
    runs = plan(experiment, scale)
    found = answers.answers(experiment, runs, stored.exits)
    return runs, found, cells.cells(experiment, found)


def count_once(sections) -> list[Section]:
    """The same sections, with claims that repeat another one's evidence marked as not counted."""
    seen, marked = {}, []
    for one in sections:
        experiment, reasons = EXPERIMENTS[one.name], []
        for evidence, verdict in zip(one.evidence, one.verdicts.itertuples(), strict=True):
            key = (one.scale, evidence)
            first = seen.get(key)
            if verdict.not_counted or verdict.verdict == judged.UNMEASURED:
                reasons.append(verdict.not_counted)
            elif experiment.is_trained and first is not None:
                reasons.append(f"the same runs as in {first}")
            else:
                seen[key] = one.name
                reasons.append("")
        marked.append(one._replace(verdicts=one.verdicts.assign(not_counted=reasons)))
    return marked


def _made_of(experiment, scale, runs, found, stored) -> str:
    """What was run, on what, and how far the losses of the exits came apart, without which no
    weighting differs much."""
    settings = experiment.settings[scale]
    networks = ", ".join(
        "+".join([one] if isinstance(one, str) else one) for one in settings.networks
    )
    if experiment.measure == "task_error":
        where = f"{networks} on {', '.join(settings.datasets)}"
        return f"{where}; {settings.seeds} seeds, {settings.fields['epochs']} epochs"
    if not experiment.is_trained:
        return f"{networks}; nothing is trained"
    names = {run.name for run in runs}
    finished = stored[stored.index.isin(names)]
    where = f"{networks} on {', '.join(settings.datasets)}"
    parts = [f"stand-in: {settings.stand_in}"] if settings.stand_in else []
    parts.append(f"{where}; {len(finished)} of {len(names)} runs finished")
    return "; ".join([*parts, *_training(finished), *_loss_ratios(found), *_hardware(finished)])


def _training(finished):
    if finished.empty:
        return
    columns = ["dataset", "train_examples", "epochs", "batch_size", "precision"]
    for kind in finished[columns].drop_duplicates().itertuples():
        images = "all" if pd.isna(kind.train_examples) else f"{kind.train_examples:g}"
        yield (
            f"{kind.dataset}: {images} training images, {kind.epochs:g} epochs, "
            f"batches of {kind.batch_size:g}, {kind.precision}"
        )


def _loss_ratios(found):
    ratios = []
    for method, rows in found.dropna(subset="training_loss").groupby("method", sort=False):
        losses = rows.groupby([*answers.SETTING, "seed"]).training_loss
        ratios.append(f"{method} {(losses.first() / losses.last()).mean():.1f}")
    if ratios:
        yield f"training loss of the first exit over the last one's: {', '.join(ratios)}"


def _hardware(finished):
    if finished.empty:
        return
    columns = ["processor", "cores", "backend", "keras", "tensorflow"]
    for made in finished[columns].drop_duplicates().fillna(DASH).itertuples():
        versions = f"{made.backend}, Keras {made.keras}, TensorFlow {made.tensorflow}"
        yield f"{made.processor}, {made.cores:g} cores; {versions}"


def table_as_text(one: Section) -> pd.DataFrame:
    """The table as printed: one row per method, columns for each cost; missing numbers as
    dashes."""
    experiment, rows = EXPERIMENTS[one.name], {}
    by = [*experiment.lines, "method"]
    for row in one.table.itertuples():
        cell = rows.setdefault(tuple(getattr(row, column) for column in by), {})
        label = row.cost if isinstance(row.cost, str) else f"{row.cost:.3g}"
        if experiment.published:
            cell |= {f"{label} paper": number(row.published), f"{label} ours": _ours(row)}
            cell[f"{label} difference"] = number(row.difference, "+")
        else:
            cell[label] = _ours(row)
    columns = dict.fromkeys(label for cell in rows.values() for label in cell)
    frame = pd.DataFrame([dict(zip(by, key, strict=True)) | cell for key, cell in rows.items()])
    return frame.reindex(columns=[*by, *columns]).fillna(DASH)


def _ours(row) -> str:
    """A measured number with its spread over seeds, and how much of it is there."""
    text = number(row.measured) + (f" ± {row.std:.2f}" if pd.notna(row.std) else "")
    if pd.notna(row.measured) and row.settings < row.of_settings:
        text += f" ({row.settings:g} of {row.of_settings} settings)"
    return text


def claims_as_text(one: Section, *, measured_only=False) -> pd.DataFrame:
    """The verdicts, each with its difference and interval."""
    chosen = one.verdicts
    if measured_only:
        chosen = chosen[chosen.verdict != judged.UNMEASURED]
    return pd.DataFrame(
        {
            "claim": [claim_text(row) for row in chosen.itertuples()],
            "verdict": [verdict_text(row) for row in chosen.itertuples()],
            "ours": [number(value, "+") for value in chosen.measured],
            "95 % interval": [interval_text(row) for row in chosen.itertuples()],
            "pairs": [evidence_text(row) for row in chosen.itertuples()],
            "published": [number(value, "+") for value in chosen.published],
        }
    )


def claim_text(row) -> str:
    """A claim with the section of the paper."""
    return f"{row.claim} (section {row.where})" if row.where else row.claim


def interval_text(row) -> str:
    """The interval of a verdict."""
    if pd.isna(row.low):
        return DASH
    return "exact" if row.low == row.high else f"{row.low:+.2f} to {row.high:+.2f}"


def evidence_text(row) -> str:
    """How many pairs of settings and seeds a verdict is made of."""
    if not row.pairs:
        return DASH
    part = f"; {row.settings} of {row.of_settings} settings"
    return f"{row.pairs}" + (part if row.settings < row.of_settings else "")


def verdict_text(row) -> str:
    """A verdict, and why it is not counted."""
    control = f" (control {row.control:+.2f})" if pd.notna(row.control) else ""
    return row.verdict + control + (f"; not counted, {row.not_counted}" if row.not_counted else "")


def number(value, sign="") -> str:
    """Two decimals, or a dash."""
    return DASH if pd.isna(value) else f"{round(value, 2) + 0.0:{sign}.2f}"  # no -0.00


def as_text(name: str, scale: str, stored: Stored, folder) -> str:
    """An experiment at a scale for the terminal."""
    one = section(name, scale, stored, folder)
    tables = [table.to_string(index=False) for table in (table_as_text(one), claims_as_text(one))]
    title = f"{name} ({EXPERIMENTS[name].source}), {scale}"
    return "\n\n".join([title, one.made_of, *tables]) + "\n"
