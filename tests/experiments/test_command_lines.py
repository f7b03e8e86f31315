"""The commands as a user types them."""

import os
import pathlib
import subprocess
import sys

import pandas as pd
import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent


def command(module, *arguments, cwd=ROOT):
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )


def test_help_explains_every_setting():
    text = " ".join(
        command("experiments.train", "--help").stdout.split()
    )  # whatever the line breaks
    for word in (
        "--weighting: <",
        "--dataset: <",
        "--adaloss",
        "--[no]resume",
        "--epochs",
        "--l2",
        "python -m experiments.train",
    ):
        assert word.replace("--adaloss", "adaloss") in text


def test_train_prints_the_curve_and_says_where(tmp_path):
    arguments = [
        "--dataset=synthetic",
        "--model=resann-n1-c4",
        "--weighting=linear",
        "--epochs=1",
        f"--run_dir={tmp_path / 'run'}",
    ]
    run = command("experiments.train", *arguments, "--lr_drop_at=0.5", "--lr_drop_to=0.1")
    assert run.returncode == 0, run.stderr
    assert "error_top1" in run.stdout
    assert f"written to {tmp_path / 'run'}" in run.stdout
    again = command("experiments.train", *arguments, "--lr_drop_at=0.5", "--lr_drop_to=0.1")
    assert again.returncode == 1
    assert "error: the folder holds this run already: pass --resume" in again.stderr
    assert "Traceback" not in again.stderr


def test_trains_on_class_folders(class_folders, tmp_path):
    run = command(
        "experiments.train",
        "--dataset=class_folders",
        f"--data_dir={class_folders}",
        "--batch_size=6",  # 12 images: 2 steps
        "--model=resann-n1-c4",
        "--preset=author_code",
        "--epochs=1",
        f"--run_dir={tmp_path / 'run'}",
    )
    assert run.returncode == 0, run.stderr
    errors = pd.read_csv(tmp_path / "run" / "curve.csv").error_top1 * 6 / 100  # of 6 images
    assert errors.tolist() == pytest.approx(errors.round().tolist(), abs=1e-3)
    assert list(pd.read_csv(tmp_path / "run" / "epochs.csv").epoch) == [0]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--weighting=ada", "adaloss"),
        ("--dataset=mnist", "cifar10"),
        ("--model=vgg", "model must be one of"),
        ("--epochs=0", "epochs must be at least 1"),
        ("--gamma=2", r"gamma must lie in [0, 1]"),
        ("--epoch=1", "epochs"),
        ("epochs=1", "--flag=value"),
    ],
)
def test_bad_values_are_refused_with_what_is_allowed(argument, message, tmp_path):
    run = command("experiments.train", argument, f"--run_dir={tmp_path / 'run'}")
    assert run.returncode == 1
    assert message in run.stderr + run.stdout
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "run").exists()


def test_attach_demo_trains_a_plain_network(tmp_path):
    arguments = [
        "--dataset=synthetic",
        "--epochs=1",
        "--units=1",
        "--width=4",
        f"--run_dir={tmp_path / 'run'}",
    ]
    run = command("examples.attach_cnn", *arguments)
    assert run.returncode == 0, run.stderr
    curve = pd.read_csv(tmp_path / "run" / "curve.csv")
    assert len(curve) == 2  # 3 units, an exit behind the first, the classifier behind the last
    assert (tmp_path / "run" / "epochs.csv").exists()


def test_demo_writes_table_and_summary_and_replaces_an_earlier_one(tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "old").write_text("")
    run = command("experiments.demo", f"--run_dir={tmp_path / 'demo'}", "--epochs=2")
    assert run.returncode == 0, run.stderr
    summary = pd.read_csv(tmp_path / "demo" / "summary.csv")
    assert summary.columns.tolist() == ["weighting", "exit", "macs", "fraction", "error_top1"]
    assert summary.groupby("weighting").size().to_dict() == {"adaloss": 9, "const": 9}
    assert {path.name for path in (tmp_path / "demo").iterdir()} == {
        "const",
        "adaloss",
        "summary.csv",
        "curve.png",
        "report.html",
    }
    assert (tmp_path / "demo" / "adaloss" / "model.keras").exists()
    assert "share of cost" in run.stdout
    assert "304,288" in run.stdout  # MACs of the first exit
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]
