import re

import pandas as pd
import pytest

from ann.evaluation.interactive_figure import interactive_curves

CURVE = pd.DataFrame(
    {"exit": [0, 1], "macs": [5e8, 2e9], "fraction": [0.25, 1.0], "error_top1": [40.0, 20.0]}
)


def points(drawn):
    return [
        tuple(map(float, point))
        for point in re.findall(r'data-x="([\d.]+)" data-y="([\d.]+)"', drawn)
    ]


def test_points_are_where_the_axes_say_and_steps_keep_the_last_answer():
    drawn = interactive_curves({"net": CURVE}, title="title")
    (x0, y0), (x1, y1) = points(drawn)
    # The left end of the axis is 0 MACs, the lower one 0 %.
    assert (x1 - 52) == pytest.approx(4 * (x0 - 52), abs=0.5)
    assert (356 - y0) == pytest.approx(2 * (356 - y1), abs=0.5)
    assert f'points="{x0},{y0} {x1},{y0} {x1},{y1}"' in drawn
    assert "cost (G MACs per image)" in drawn


def test_a_point_tells_over_how_many_seeds_it_is_the_mean():
    of_three = interactive_curves({"net": CURVE.assign(seeds=[3, 1])}, title="title")
    assert "exit 0, 500.00 M MACs (25%), error 40.00 %, mean of 3 seeds</title>" in of_three
    assert "error 20.00 %, one seed</title>" in of_three
    assert "seed" not in interactive_curves({"net": CURVE}, title="title")


def test_labels_are_text_and_a_network_without_errors_is_drawn():
    drawn = interactive_curves({"<b>": CURVE.assign(error_top1=0.0)}, title='a "title"')
    assert "<b>" not in drawn
    assert 'aria-label="a &quot;title&quot;"' in drawn
    assert len({y for _, y in points(drawn)}) == 1
