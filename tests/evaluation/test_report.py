import pandas as pd

from ann import evaluation
from ann.evaluation.report import milestone_table

CURVE = pd.DataFrame(
    {
        "exit": [0, 1],
        "macs": [3_000_000, 6_000_000],
        "fraction": [0.5, 1.0],
        "loss": [1.0, 0.5],
        "error_top1": [20.0, 10.0],
        "error_top5": [2.0, 1.0],
    }
)


def test_figure_and_page_are_written(tmp_path):
    curves = {"const <1>": CURVE, "adaloss": CURVE.assign(error_top1=[25.0, 8.0])}
    evaluation.plot_curves(curves, tmp_path / "curve.png", title="title")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    evaluation.write_report(
        curves, tmp_path / "curve.png", tmp_path / "report.html", title="A & B", details="{}"
    )
    page = (tmp_path / "report.html").read_text()
    assert "A &amp; B" in page
    assert "const &lt;1&gt;" in page
    assert page.index("first of 2 exits: 20.00 % at 50% of the cost") < page.index("<figure")
    assert "last: 10.00 % for 6.00 M MACs" in page
    assert "mean of all exits: 15.00 %" in page
    assert page.count("<details>") == 4
    assert "<title>const &lt;1&gt;: exit 0, 3.00 M MACs (50%), error 20.00 %</title>" in page
    assert page.count('type="checkbox"') == 2
    assert page.count("<script>") == 1
    assert "http" not in page  # nothing from elsewhere
    assert "data:image/png;base64," in page
    assert sorted(path.name for path in tmp_path.iterdir()) == ["curve.png", "report.html"]


def test_milestone_table_shows_a_dash_where_there_is_no_answer():
    table = milestone_table({"net": CURVE}).set_index("rule")
    assert table.loc["interpolate"].tolist() == ["net", "–", "20.00", "15.00", "10.00", "15.00"]
    assert table.loc["latest"].tolist() == ["net", "–", "20.00", "20.00", "10.00", "15.00"]
