"""A one-page report on one or more runs."""

import base64
import html
import pathlib

import pandas as pd

from ann.atomic_write import atomic_path
from ann.evaluation.curve import average_error, milestones

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 15px/1.5 system-ui, sans-serif; color: #222 }}
body {{ max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse; margin: 1rem 0 }}
th, td {{ padding: .2rem .8rem; text-align: right; border-bottom: 1px solid #ddd }}
th {{ border-bottom: 2px solid #888 }}
img {{ max-width: 100%; width: 44rem }}
pre {{ background: #f6f6f6; padding: .8rem; overflow-x: auto }}
</style></head><body>
<h1>{title}</h1>
<img alt="top-1 error against cost" src="data:image/png;base64,{figure}">
<h2>Milestones</h2>
<p>Top-1 error (%) at fractions of the total cost by two rules. "interpolate" interpolates between
exits. "latest" takes the last exit within the budget. AE is the mean over all exits. A dash means
that there is no exit within the budget.</p>
{milestones}
{curves}
<h2>How these results were made</h2>
<pre>{details}</pre>
</body></html>
"""


def write_report(curves, figure, path, *, title: str, details: str) -> None:
    """Writes a self-contained HTML page.

    The page shows a figure, the errors at the milestones, the curve of each network, and how the
    results were made.

    Args:
        curves: dictionary from label to curve (as returned by `anytime_curve`).
        figure: PNG file to show.
        path: HTML file to write.
        title: title of the page.
        details: configuration, versions, and hardware as text.
    """
    sections = [
        f"<h2>{html.escape(label)}, exit by exit</h2>{_table(_formatted(curve))}"
        for label, curve in curves.items()
    ]
    page = _PAGE.format(
        title=html.escape(title),
        figure=base64.b64encode(pathlib.Path(figure).read_bytes()).decode(),
        milestones=_table(milestone_table(curves)),
        curves="\n".join(sections),
        details=html.escape(details),
    )
    with atomic_path(path) as temporary:
        temporary.write_text(page)


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
    return frame.to_html(index=False, border=0)
