"""The demo as a newcomer types it."""

import pathlib
import subprocess
import sys

import pandas as pd

ROOT = pathlib.Path(__file__).parent.parent.parent


def test_demo_writes_table_and_summary_and_replaces_an_earlier_one(tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "old").write_text("")
    arguments = [f"--run_dir={tmp_path / 'demo'}", "--epochs=2"]
    run = subprocess.run(
        [sys.executable, "-m", "experiments.demo", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    summary = pd.read_csv(tmp_path / "demo" / "summary.csv")
    assert summary.columns.tolist() == ["weighting", "exit", "macs", "fraction", "error_top1"]
    assert summary.groupby("weighting").size().to_dict() == {"adaloss": 9, "const": 9}
    made = {path.name for path in (tmp_path / "demo").iterdir()}
    assert made == {"const", "adaloss", "summary.csv", "curve.png", "report.html"}
    assert (tmp_path / "demo" / "adaloss" / "model.keras").exists()
    assert "share of cost" in run.stdout
    assert "304,288" in run.stdout  # MACs of the first exit
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]
