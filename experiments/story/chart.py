"""Error over cost or time as an inline SVG, in the colors of the page."""

import dataclasses
import html
import math

_WIDTH, _HEIGHT = 480, 330
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 12, 10, 44
_FLOOR = 0.2  # percent; errors below it, zero among them, are drawn on the floor
_TICKS = (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


@dataclasses.dataclass(frozen=True)
class Line:
    """What is drawn.

    Attributes:
        label: in the legend.
        x, error: the points; errors in percent.
        look: number of the color and marker, from 0.
        joined: whether steps join the points: an answer stays until the next one comes.
    """

    label: str
    x: list[float]
    error: list[float]
    look: int
    joined: bool = True


def chart(lines: list[Line], *, xlabel: str, title: str) -> str:
    """A figure with its legend; the vertical axis is logarithmic.

    Args:
        lines: drawn in this order.
        xlabel: what the horizontal axis says.
        title: for those who do not see the figure.
    """
    right = 1.04 * max(x for line in lines for x in line.x)
    across = _Axis(right)
    drawn = [_grid(across, xlabel), *(_drawn(line, across) for line in lines)]
    legend = "".join(
        f'<li class="look{line.look}"><svg viewBox="-8 -8 16 16">{_marker(line.look, 0, 0)}</svg>'
        f"{html.escape(line.label)}</li>"
        for line in lines
    )
    return (
        f'<figure><svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">'
        f"<title>{html.escape(title)}</title>{''.join(drawn)}</svg>"
        f'<figcaption><ul class="legend">{legend}</ul></figcaption></figure>'
    )


@dataclasses.dataclass(frozen=True)
class _Axis:
    right: float

    def __call__(self, value: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * value / self.right

    def ticks(self):
        step = 10 ** math.floor(math.log10(self.right / 3))
        step *= next(many for many in (1, 2, 5, 10) if self.right / (many * step) <= 6)
        return [step * index for index in range(int(self.right / step) + 1)]


def _up(error: float) -> float:
    share = math.log(max(error, _FLOOR) / _FLOOR) / math.log(100 / _FLOOR)
    return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * share


def _grid(across, xlabel):
    parts = []
    for tick in _TICKS:
        y = _up(tick)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>')
        text = "≤0.2" if tick == _FLOOR else f"{tick:g}"
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{text}</text>')
    floor = _HEIGHT - _BOTTOM
    for tick in across.ticks():
        parts.append(
            f'<text x="{across(tick)}" y="{floor + 18}" text-anchor="middle">{tick:g}</text>'
        )
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(
        f'<text x="{middle}" y="{_HEIGHT - 6}" text-anchor="middle">{html.escape(xlabel)}</text>'
    )
    parts.append(
        f'<text transform="translate(12 {(_TOP + floor) / 2}) rotate(-90)" text-anchor="middle">'
        "error, %</text>"
    )
    return "".join(parts)


def _drawn(line, across):
    points = [(across(x), _up(error)) for x, error in zip(line.x, line.error, strict=True)]
    path = ""
    if line.joined:
        steps = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
        steps += [f"H{x:.1f}V{y:.1f}" for x, y in points[1:]]
        path = f'<path d="{"".join(steps)}H{_WIDTH - _RIGHT}"/>'
    markers = "".join(_marker(line.look, x, y) for x, y in points)
    return f'<g class="look{line.look}">{path}{markers}</g>'


def _marker(look, x, y):
    shapes = (
        '<circle r="4"/>',
        '<rect x="-3.6" y="-3.6" width="7.2" height="7.2"/>',
        '<polygon points="0,-5 4.6,3.6 -4.6,3.6"/>',
        '<polygon points="0,-6 6,0 0,6 -6,0"/>',
    )
    return f'<g transform="translate({x:.1f} {y:.1f})">{shapes[look]}</g>'
