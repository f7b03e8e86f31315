"""The report as a page that reads well on a phone and on a desk, by day and by night."""

import html
import importlib.resources

import pandas as pd

from ann.evaluation.interactive_figure import SCRIPT, STYLE, interactive_curves
from experiments.harness import verdicts as judged
from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.page_text import INTRODUCTION, TITLE, by_experiment, claims_table
from experiments.harness.sections import DASH, claims_as_text, table_as_text
from experiments.harness.states import NOT_COUNTED, NOT_MEASURED, ONE_SEED, PAPERS, STATES, counts

_STYLES = {
    judged.HELD: "held",
    judged.NOT_HELD: "not",
    judged.WITHOUT: "open",
    judged.UNDECIDED: "open",
    judged.TIE: "open",
}
_FOLDED = {
    judged.UNDECIDED: "Not decided",
    judged.TIE: "Ties",
    ONE_SEED: "One seed, a direction only",
    NOT_COUNTED: "Not counted: stand-ins, and printed sizes at a small scale",
    NOT_MEASURED: "Not measured",
}


def as_html(sections, states: pd.DataFrame) -> str:
    """The whole report; its pictures are files beside it.

    Args:
        sections: all of them.
        states: as returned by `claim_states`.
    """
    style = importlib.resources.files(__package__).joinpath("page.css").read_text()
    measured, rest = by_experiment(sections)
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{TITLE}</title><style>\n{style}{STYLE}</style></head><body>",
            f"<h1>{TITLE}</h1>",
            _cards(states),
            '<details class="how"><summary>How claims are judged</summary>',
            f"<p>{INTRODUCTION}</p></details>",
            "<h2>Decided claims</h2>",
            _claims(states[(states.repeats == "") & states.state.isin(list(_STYLES)[:3])]),
            *_folded_claims(states),
            "<h2>Tables and figures</h2>",
            *(_experiment(name, shown) for name, shown in measured.items()),
            f"<h2>Not measured yet</h2><p>{len(rest)} tables and figures.</p>",
            *(_unmeasured(name, one) for name, one in rest.items()),
            f"<script>{SCRIPT}</script></body></html>\n",
        ]
    )


def _cards(states) -> str:
    """The state of each paper at a glance."""
    cards = []
    for row in counts(states).to_dict("records"):
        found = [(state, row[state]) for state in STATES if row[state]]
        shown = " ".join(
            f'<li class="{_STYLES.get(state, "quiet")}"><b>{count}</b> {state}</li>'
            for state, count in found
        )
        cards.append(
            f'<section class="card"><h3>{row["paper"]}</h3>'
            f"<p>claims declared: {row['declared']}</p><ul>{shown}</ul></section>"
        )
    return f'<div class="cards">{"".join(cards)}</div>'


def _claims(chosen) -> str:
    """Claims as a list, paper by paper."""
    lines = []
    for paper, title in PAPERS.items():
        own = chosen[chosen.paper == paper]
        if own.empty:
            continue
        lines.append(f"<h3>{title}</h3><ul class='claims'>")
        texts = claims_table(own).to_dict("records")
        for row, text in zip(own.itertuples(), texts, strict=True):
            lines.append(_claim(row, text))
        lines.append("</ul>")
    return "\n".join(lines)


def _claim(row, text) -> str:
    badge = f'<span class="badge {_STYLES.get(row.state, "quiet")}">{row.state}</span>'
    link = f'<a href="#{row.experiment}">{html.escape(text["source"])}</a>'
    claim, facts = html.escape(text["claim"]), html.escape(_facts(row, text))
    return f"<li>{badge} {link}: {claim} <small>{facts}</small></li>"


def _facts(row, text) -> str:
    """The numbers of a claim, where it is measured."""
    facts = []
    if row.scale:
        exact = text["95 % interval"] == "exact"
        facts = [f"{text['ours']} [{text['95 % interval']}]".replace(f" [{DASH}]", "")]
        facts += [] if exact else [f"pairs: {text['pairs']}", row.scale]
    if pd.notna(row.control):
        facts.append(f"with the control {row.control:+.2f}")
    if text["published"] != DASH:
        facts.append(f"published {text['published']}")
    return "; ".join(facts)


def _folded_claims(states):
    for state, title in _FOLDED.items():
        chosen = states[(states.state == state) & (states.repeats == "")]
        if len(chosen):
            yield (
                f"<details><summary>{title} ({len(chosen)})</summary>{_claims(chosen)}</details>"
            )


def _experiment(name, shown) -> str:
    """A measured table or figure."""
    parts = [_heading(name)]
    for one in shown:
        parts.append(f'<h4>{one.scale}</h4><p class="made">{html.escape(one.made_of)}.</p>')
        parts.append(_table(table_as_text(one)))
        claims = claims_as_text(one, measured_only=True)
        if len(claims):
            parts.append(_table(claims, classes="verdicts"))
        left = len(one.verdicts) - len(claims)
        if left:
            parts.append(f'<p class="made">{left} more claims are not measured at this scale.</p>')
        parts += [_figure(path, curves) for path, curves in one.figures.items()]
    return "\n".join(parts)


def _figure(path, curves) -> str:
    """A picture, or what it shows, to explore."""
    file = f"{path.parent.name}/{path.name}"
    if curves:
        drawn = interactive_curves(curves, title=path.stem)
        return f'{drawn}<p class="made"><a href="{file}">{path.name}</a></p>'
    return f'<p><img loading="lazy" alt="{path.stem}" src="{file}"></p>'


def _unmeasured(name, one) -> str:
    """What is published and claimed, folded."""
    experiment = EXPERIMENTS[name]
    tables = [table_as_text(one), claims_as_text(one)]
    return (
        f'<details id="{name}"><summary>{name}: {html.escape(experiment.source)}</summary>'
        f"<p>{html.escape(experiment.title)}.</p>"
        + "".join(_table(table) for table in tables if len(table))
        + "</details>"
    )


def _heading(name) -> str:
    experiment = EXPERIMENTS[name]
    return (
        f'<h3 id="{name}">{name}: {html.escape(experiment.source)}</h3>'
        f"<p>{html.escape(experiment.title)}.</p>"
    )


def _table(frame, classes="") -> str:
    table = frame.to_html(index=False, border=0, na_rep=DASH, classes=classes)
    return f'<div class="wide">{table}</div>'
