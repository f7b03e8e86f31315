"""The example of exits in a plain Keras network."""

import pathlib
import subprocess
import sys

import pandas as pd

ROOT = pathlib.Path(__file__).parent.parent.parent


def test_it_trains_a_plain_network(tmp_path):
    flags = ["--dataset=synthetic", "--epochs=1", "--units=1", "--width=4"]
    run = subprocess.run(
        [sys.executable, "-m", "examples.attach_cnn", *flags, f"--run_dir={tmp_path / 'run'}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    curve = pd.read_csv(tmp_path / "run" / "curve.csv")
    assert len(curve) == 2  # 3 units: an exit after the first, the classifier after the last
    assert (tmp_path / "run" / "epochs.csv").exists()
