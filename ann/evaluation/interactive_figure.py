"""Error against cost to explore in a page: SVG, a style and a short script, all of it in the page.

Without the script, and in print, it is a picture with a legend.
"""

import html
import math

from matplotlib.ticker import MaxNLocator

_WIDTH, _HEIGHT = 640, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 10, 44
_TICKS = MaxNLocator(6, steps=[1, 2, 2.5, 5, 10])
# The colors of `ann.evaluation.figure`, and lighter ones for dark screens.
STYLE = """
.curves { --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #b0508a; --c4: #2b8cc4 }
.curves { --c5: #946b00; --c6: #4d4d4d; margin: 1rem 0; max-width: 44rem }
@media (prefers-color-scheme: dark) { @media screen {
  .curves { --c0: #58a6ff; --c1: #ff8a4c; --c2: #3fcf9f; --c3: #e58fc4; --c4: #9cd3f5 }
  .curves { --c5: #e3b341; --c6: #b8b8b8 }
} }
.curves svg { display: block; width: 100%; height: auto; touch-action: pan-y }
.curves text { font: 12.5px system-ui, sans-serif; fill: currentColor }
.curves .grid { stroke: currentColor; opacity: .13 } .curves .milestone { stroke-dasharray: 2 3 }
.curves .milestone { stroke: currentColor; opacity: .4 }
.curves .line { color: var(--c); fill: none; stroke: var(--c); stroke-width: 1.7 }
.curves .line path { fill: var(--c); stroke-width: 1 } .curves .line polyline { fill: none }
.curves .line.off { display: none } .curves .near { stroke-width: 7 !important }
.curves .legend { display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; font-size: 14px }
.curves .legend label { cursor: pointer } .curves .legend svg { display: inline-block }
.curves .legend svg { width: 26px; height: 12px; margin-right: .3rem }
.curves input { margin: 0 .3rem 0 0 } .curves input:disabled { display: none }
.curves output { display: block; min-height: 3em; font-size: 14px }
@media (max-width: 600px) { .curves text { font-size: 18px } }
@media print { .curves output, .curves input { display: none } }
"""
SCRIPT = """
for (const figure of document.querySelectorAll(".curves")) {
  const svg = figure.querySelector("svg.plot"), out = figure.querySelector("output")
  const lines = [...svg.querySelectorAll(".line")]
  figure.querySelectorAll("input").forEach((box, k) => {
    box.disabled = false
    box.onchange = () => lines[k].classList.toggle("off", !box.checked)
  })
  const hint = out.textContent = "Point at the figure to read an exit. The boxes hide lines."
  let near = null
  const show = (point) => {
    near?.classList.remove("near")
    near = point
    near?.classList.add("near")
    out.textContent = near ? near.textContent : hint
  }
  const follow = (event) => {
    const at = new DOMPoint(event.clientX, event.clientY)
      .matrixTransform(svg.getScreenCTM().inverse())
    const shown = [...svg.querySelectorAll(".line:not(.off) path")]
    const away = (p) => Math.hypot(p.dataset.x - at.x, p.dataset.y - at.y)
    show(shown.reduce((best, p) => (!best || away(p) < away(best) ? p : best), null))
  }
  svg.onpointermove = svg.onpointerdown = follow
}
"""
# Outline of the marker of a line around a point; lines also differ where color is not seen.
_MARKERS = (
    "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
    "m-3.5 -3.5h7v7h-7z",
    "m0 -5l5 5l-5 5l-5 -5z",
    "m0 -4.5l4.5 8h-9z",
    "m0 4.5l4.5 -8h-9z",
)
_COLORS = 7


def interactive_curves(curves, *, title: str) -> str:
    """Draws top-1 error against MACs as HTML, one step line per network, as `plot_curves` does.

    Each exit is a point that tells its cost and error, and the boxes of the legend hide lines. The
    page must contain `STYLE`, and at its end `SCRIPT`.

    Args:
        curves: dictionary from label to curve (as returned by `anytime_curve`; a column `seeds`
            tells how many runs an exit is the mean of).
        title: what the figure shows, for readers who do not see it.
    """
    largest = max(curve.macs.max() for curve in curves.values())
    scale, unit = (1e9, "G") if largest >= 1e9 else (1e6, "M")
    worst = max(curve.error_top1.max() for curve in curves.values()) or 1
    x = lambda macs: _LEFT + (_WIDTH - _LEFT - _RIGHT) * macs / (1.02 * largest)
    y = lambda error: _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * error / (1.05 * worst)
    parts = [
        *(_error_tick(y(error), error) for error in _ticks(1.05 * worst)),
        *(_cost_tick(x(cost * scale), cost) for cost in _ticks(1.02 * largest / scale)),
        *(_milestone(x(share * largest)) for share in (0.25, 0.5, 0.75, 1)),
        f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 6}" text-anchor="middle">'
        f"cost ({unit} MACs per image)</text>",
        f'<text transform="translate(13 {_HEIGHT / 2}) rotate(-90)" text-anchor="middle">'
        "top-1 error (%)</text>",
        *(_line(k, label, curve, x, y) for k, (label, curve) in enumerate(curves.items())),
    ]
    legend = "".join(_legend_entry(k, label) for k, label in enumerate(curves))
    return (
        f'<figure class="curves"><div class="legend">{legend}</div>'
        f'<svg class="plot" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{html.escape(title)}">{"".join(parts)}</svg><output></output></figure>'
    )


def _ticks(high):
    """Round numbers from 0 on."""
    return [float(tick) for tick in _TICKS.tick_values(0, high) if tick <= high]


def _error_tick(y, error):
    return (
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{error:g}</text>'
    )


def _cost_tick(x, cost):
    return f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{cost:g}</text>'


def _milestone(x):
    return (
        f'<line class="milestone" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>'
    )


def _line(index, label, curve, x, y):
    """Steps, because an anytime network keeps its last answer until the next exit; and the
    exits."""
    corners, last = [], None
    for row in curve.itertuples():
        corners += [] if last is None else [f"{x(row.macs):.1f},{last:.1f}"]
        last = y(row.error_top1)
        corners.append(f"{x(row.macs):.1f},{last:.1f}")
    points = "".join(
        f'<path data-x="{x(row.macs):.1f}" data-y="{y(row.error_top1):.1f}" '
        f'd="M{x(row.macs):.1f} {y(row.error_top1):.1f}{_MARKERS[index % len(_MARKERS)]}">'
        f"<title>{html.escape(_told(label, row))}</title></path>"
        for row in curve.itertuples()
    )
    return f'<g class="line"{_color(index)}><polyline points="{" ".join(corners)}"/>{points}</g>'


def _told(label, row) -> str:
    """An exit in words."""
    exit = getattr(row, "exit", math.nan)
    cost = f"{row.macs / 1e6:,.2f} M MACs ({row.fraction:.0%})"
    facts = [] if math.isnan(exit) else [f"exit {exit:g}"]
    facts += [cost, f"error {row.error_top1:.2f} %"]
    seeds = getattr(row, "seeds", None)
    facts += [] if seeds is None else [f"mean of {seeds} seeds" if seeds > 1 else "one seed"]
    return f"{label}: {', '.join(facts)}"


def _legend_entry(index, label):
    marker = f'<path d="M13 6{_MARKERS[index % len(_MARKERS)]}"/>'
    sample = (
        f'<svg viewBox="0 0 26 12" aria-hidden="true"><g class="line"{_color(index)}>'
        f'<polyline points="0,6 26,6"/>{marker}</g></svg>'
    )
    return f'<label><input type="checkbox" checked disabled>{sample}{html.escape(label)}</label>'


def _color(index):
    return f' style="--c: var(--c{index % _COLORS})"'
