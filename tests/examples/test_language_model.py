"""The example of a language model with exits."""

import pathlib
import re
import subprocess
import sys

import keras

from ann import models

ROOT = pathlib.Path(__file__).parent.parent.parent


def test_it_learns_real_text_and_is_saved(tmp_path):
    flags = ["--steps=120", "--length=16", "--blocks=2", "--width=16", "--batch_size=16"]
    run = subprocess.run(
        [sys.executable, "-m", "examples.language_model", *flags, f"--save={tmp_path / 'm.keras'}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    rows = re.findall(r"^ +([01]) +\d+ +[\d.]+ +([\d.]+) +[\d.]+$", run.stdout, re.MULTILINE)
    assert [exit for exit, _ in rows] == ["0", "1"]
    # Blind guesses among the characters of the text take more than 6.5 bits.
    assert all(float(bits) < 5 for _, bits in rows)
    model = keras.saving.load_model(tmp_path / "m.keras")
    assert model.logits_shape[:2] == (None, 16)
    assert isinstance(model, models.MultiExitModel)
    assert model.logits_shape[2] > 90
