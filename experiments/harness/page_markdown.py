"""The report as Markdown."""

import pandas as pd

from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.page_text import INTRODUCTION, TITLE, by_experiment, decided_claims
from experiments.harness.sections import claims_as_text, table_as_text
from experiments.harness.states import counts


def as_markdown(sections, states: pd.DataFrame) -> str:
    """The whole report.

    Args:
        sections: all of them.
        states: as returned by `claim_states`.
    """
    parts = [f"# {TITLE}", INTRODUCTION, _table(counts(states))]
    parts += ["## Decided claims", _table(decided_claims(states))]
    measured, rest = by_experiment(sections)
    for name, shown in measured.items():
        parts += _heading(name)
        for one in shown:
            parts += [f"**{one.scale}**: {one.made_of}.", _table(table_as_text(one))]
            parts.append(_table(claims_as_text(one, measured_only=True)))
            parts += [f"![{path.stem}]({path.parent.name}/{path.name})" for path in one.figures]
    parts += ["## Not measured yet", f"<details><summary>{len(rest)} tables and figures</summary>"]
    for name, one in rest.items():
        parts += [*_heading(name, "###"), _table(table_as_text(one)), _table(claims_as_text(one))]
    return "\n\n".join(filter(None, [*parts, "</details>"])) + "\n"


def _heading(name, level="##"):
    experiment = EXPERIMENTS[name]
    return [f"{level} {name}: {experiment.source}", f"{experiment.title}."]


def _table(frame) -> str:
    if frame.empty:
        return ""
    rows = [list(frame.columns), ["---"] * frame.shape[1], *frame.astype(str).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
