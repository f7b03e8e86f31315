"""A one-page report on one or more runs."""

import base64
import html
import pathlib

import pandas as pd

from ann.atomic_write import atomic_path
from ann.evaluation.curve import average_error, milestones
from ann.evaluation.interactive_figure import SCRIPT, STYLE, interactive_curves

_STYLE = """
:root { color-scheme: light dark }
:root { --text: #1f2328; --quiet: #59636e; --page: #fff; --card: #f6f8fa; --line: #d1d9e0 }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --quiet: #9198a1; --page: #0d1117; --card: #161b22; --line: #30363d }
}
* { box-sizing: border-box }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page) }
body { max-width: 60rem; margin: 1.2rem auto; padding: 0 1rem; overflow-wrap: anywhere }
h1 { font-size: 1.5rem; margin: .4rem 0 } h2 { font-size: 1.2rem; margin: 1.5rem 0 .4rem }
.cards { display: grid; gap: .6rem; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)) }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem }
.card { padding: .5rem .8rem } .card b { display: block; overflow-wrap: normal }
.card span { color: var(--quiet); font-size: 14px; display: block }
img { max-width: 100%; width: 44rem; background: #fff; border-radius: .4rem; margin: 1rem 0 }
.wide { overflow-x: auto } table { border-collapse: collapse; font-size: 14px; margin: .5rem 0 }
th, td { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid var(--line) }
th, td { white-space: nowrap } th { border-bottom: 2px solid var(--quiet) }
details { border: 1px solid var(--line); border-radius: .5rem; padding: .4rem .8rem }
details { margin: .6rem 0 }
summary { cursor: pointer } p { color: var(--quiet); max-width: 44rem }
pre { overflow-x: auto; font-size: 13px }
"""
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>{style}</style></head><body>
<h1>{title}</h1>
<div class="cards">{cards}</div>
{interactive}
<details><summary>The figure as a picture</summary>
<img alt="top-1 error against cost" src="data:image/png;base64,{figure}"></details>
<h2>Milestones</h2>
<p>Top-1 error (%) at fractions of the total cost by two rules. "interpolate" interpolates between
exits. "latest" takes the last exit within the budget. AE is the mean over all exits. A dash means
that there is no exit within the budget.</p>
{milestones}
<h2>Exit by exit</h2>
{curves}
{details}
<script>{script}</script></body></html>
"""
_DETAILS = "<details><summary>How these results were made</summary><pre>{}</pre></details>"


def write_report(curves, figure, path, *, title: str, details: str = "") -> None:
    """Writes a self-contained HTML page, for light and dark screens of any width.

    The page begins with a summary of each network and error against cost as a figure to explore.
    It shows the errors at the milestones, and, folded, the figure as a picture, the curve of each
    network, and how the results were made.

    Args:
        curves: dictionary from label to curve (as returned by `anytime_curve`).
        figure: PNG file, the same figure as a picture.
        path: HTML file to write.
        title: title of the page.
        details: configuration, versions, and hardware as text; none: the page says nothing of it.
    """
    sections = [
        f"<details{' open' if len(curves) == 1 else ''}><summary>{html.escape(label)}</summary>"
        f"{_table(_formatted(curve))}</details>"
        for label, curve in curves.items()
    ]
    page = _PAGE.format(
        title=html.escape(title),
        style=_STYLE + STYLE,
        script=SCRIPT,
        interactive=interactive_curves(curves, title=f"{title}: top-1 error against cost"),
        cards="".join(_card(label, curve) for label, curve in curves.items()),
        figure=base64.b64encode(pathlib.Path(figure).read_bytes()).decode(),
        milestones=_table(milestone_table(curves)),
        curves="\n".join(sections),
        details=_DETAILS.format(html.escape(details)) if details else "",
    )
    with atomic_path(path) as temporary:
        temporary.write_text(page)


def _card(label, curve) -> str:
    """A network at a glance."""
    first, last = curve.iloc[0], curve.iloc[-1]
    facts = (
        f"first of {len(curve)} exits: {first.error_top1:.2f} % "
        f"at {first.fraction:.0%} of the cost",
        f"last: {last.error_top1:.2f} % for {last.macs / 1e6:,.2f} M MACs",
        f"mean of all exits: {average_error(curve):.2f} %",
    )
    lines = "".join(f"<span>{html.escape(fact)}</span>" for fact in facts)
    return f'<div class="card"><b>{html.escape(label)}</b>{lines}</div>'


def milestone_table(curves) -> pd.DataFrame:
    """Returns the errors at the milestones and AE as text with two decimals.

    There are two rows per network, one for each rule.
    """
    rows = []
    for label, curve in curves.items():
        average = _percent(average_error(curve))
        for rule in ("interpolate", "latest"):
            errors = milestones(curve, rule)
            values = {f"{fraction:g}": _percent(error) for fraction, error in errors.items()}
            rows.append({"network": label, "rule": rule, **values, "AE": average})
    return pd.DataFrame(rows)


def _formatted(curve) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "exit": curve.exit,
            "MACs (M)": curve.macs.map(lambda macs: f"{macs / 1e6:.2f}"),
            "share of cost": curve.fraction.map(lambda fraction: f"{fraction:.1%}"),
            "loss": curve.loss.map(lambda loss: f"{loss:.3f}"),
            "top-1 error (%)": curve.error_top1.map(_percent),
            "top-5 error (%)": curve.error_top5.map(_percent),
        }
    )


def _percent(value) -> str:
    return "–" if pd.isna(value) else f"{value:.2f}"


def _table(frame) -> str:
    return f'<div class="wide">{frame.to_html(index=False, border=0)}</div>'
