"""One page on one or more runs."""

import base64
import html
import pathlib

import pandas as pd

from ann.atomic_write import atomic_path
from ann.evaluation.curve import average_error, milestones

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }}
table {{ border-collapse: collapse; margin: 1rem 0 }}
th, td {{ padding: .2rem .8rem; text-align: right; border-bottom: 1px solid #ddd }}
th {{ border-bottom: 2px solid #888 }}
img {{ max-width: 100%; width: 44rem }}
pre {{ background: #f6f6f6; padding: .8rem; overflow-x: auto }}
</style></head><body>
<h1>{title}</h1>
<img alt="top-1 error against cost" src="data:image/png;base64,{figure}">
<h2>Milestones</h2>
<p>Top-1 error (%) at fractions of the total cost, interpolated between exits, and the last exit within the budget; AE is the
mean over all exits. A dash: no exit within the budget.</p>
{milestones}
{curves}
<h2>How it was made</h2>
<pre>{details}</pre>
</body></html>
"""


def write_report(curves, figure, path, *, title: str, details: str) -> None:
    """Writes a self-contained HTML page: figure, milestones, the curve of each network, how it was
    made.

    Args:
        curves: dictionary from label to curve (`anytime_curve`).
        figure: PNG to show.
        path: page to write.
        title: of the page.
        details: configuration, versions and hardware as text.
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
    """Errors at the milestones by both rules, and AE: two rows a network, numbers as text with two decimals."""
    rows = []
    for label, curve in curves.items():
        for rule in ("interpolate", "latest"):
            values = {
                f"{fraction:g}": _percent(error)
                for fraction, error in milestones(curve, rule).items()
            }
            rows.append(
                {"network": label, "rule": rule, **values, "AE": _percent(average_error(curve))}
            )
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
