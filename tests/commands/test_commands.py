"""The commands as a user types them."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import types
import zipfile

import pandas as pd
import pytest

from ann.__main__ import COMMANDS, main

ROOT = pathlib.Path(__file__).parent.parent.parent
TINY = ("--dataset=synthetic", "--model=resann-n1-c4", "--epochs=1")


def python(*arguments, cwd=ROOT, **variables):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | variables,
    )


def ann(*arguments):
    return python("-m", "ann", *arguments)


ONE_BY_ONE = """
import contextlib, io, json, sys
from absl import flags
from ann.__main__ import main

ended = []
for arguments in json.loads(sys.argv[1]):
    out, err, code = io.StringIO(), io.StringIO(), None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(["ann", *arguments])
        except SystemExit as end:
            code = end.code
    if isinstance(code, str):  # Python prints it and ends with 1
        err.write(code)
        code = 1
    ended.append({"returncode": code or 0, "stdout": out.getvalue(), "stderr": err.getvalue()})
    modules = flags.FLAGS.flags_by_module_dict().items()
    for flag in [flag for name, own in modules if name.startswith("ann.") for flag in own]:
        delattr(flags.FLAGS, flag.name)
print(json.dumps(ended))
"""


def one_by_one(*commands):
    """How each of several commands ends. They share a process: importing TensorFlow takes longer
    than most of them."""
    run = python("-c", ONE_BY_ONE, json.dumps(commands))
    assert run.returncode == 0, run.stderr
    return [types.SimpleNamespace(**ended) for ended in json.loads(run.stdout.splitlines()[-1])]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_explains_a_command_and_imports_no_framework(name):
    code = (
        "import sys, ann.__main__ as m\n"
        f"try: m.main(['ann', {name!r}, '--help'])\n"
        "except SystemExit as end: code = end.code\n"
        "assert not {'tensorflow', 'keras', 'jax'} & set(sys.modules)\n"
        "sys.exit(code)"
    )
    run = python("-c", code)
    assert run.returncode == 0, run.stderr
    assert f"ann {name}" in run.stdout
    assert "\nflags:\n" in run.stdout


def test_help_lists_the_commands():
    run = ann("--help")
    assert run.returncode == 0
    assert all(name in run.stdout for name in COMMANDS)
    assert ann().returncode == 1
    wrong = ann("trian")
    assert wrong.returncode == 1
    assert "Did you mean 'train'?" in wrong.stderr


def test_help_for_a_reader_that_leaves():
    """`ann train --help | head -1`: nobody reads on, and nothing is said of it."""
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "ann", "train", "--help"]
    run = subprocess.run(command, cwd=ROOT, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (run.returncode, run.stderr) == (128 + signal.SIGPIPE, b"")


def test_help_of_training_explains_every_setting():
    text = " ".join(ann("train", "--help").stdout.split())  # whatever the line breaks
    for word in ("--weighting Weighting scheme. One of const", "--dataset", "--l2", "--rwm_rate"):
        assert word in text
    assert "--[no]resume" in text
    assert "adaloss, adaloss_first_order: share of the constant weights" in text


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--weighting=adalos", "Did you mean 'adaloss'?"),
        ("--dataset=cifar", "Did you mean 'cifar10'?"),
        ("--model=vgg", "model must be one of"),
        ("--epochs=0", "epochs must be at least 1"),
        ("--gamma=2", "gamma must be in [0, 1]"),
        ("--opt_at=2", "opt_at has no effect: weighting is adaloss, sampler is not set"),
        ("--lr_drop_at=0.5,half", "lr_drop_at must be numbers"),
        ("--epoch=1", "Did you mean: epochs"),
        ("epochs=1", "--flag=value"),
    ],
)
def test_bad_values_are_refused_with_what_is_allowed(argument, message, tmp_path):
    run = ann("train", argument, f"--run_dir={tmp_path / 'run'}")
    assert run.returncode == 1
    assert message in run.stderr + run.stdout
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "run").exists()


def test_a_run_is_trained_evaluated_and_exported(tmp_path):
    run_dir, output = tmp_path / "run", tmp_path / "again.csv"
    training = ("train", *TINY, "--weighting=linear", f"--run_dir={run_dir}")
    run, again, measured, exported = one_by_one(
        training,
        training,
        ("evaluate", f"--run_dir={run_dir}", f"--output={output}"),
        ("export", f"--run_dir={run_dir}", f"--output={tmp_path / 'e'}", "--format=onnx"),
    )
    assert run.returncode == 0, run.stderr
    assert "error_top1" in run.stdout
    assert f"written to {run_dir}" in run.stdout
    assert again.returncode == 1
    assert "error: the folder holds this run already: pass --resume" in again.stderr
    assert "Traceback" not in again.stderr
    assert measured.returncode == 0, measured.stderr
    assert "error at 0.25: none, 0.5: " in measured.stdout
    assert "none: the first exit costs 0.4" in measured.stdout
    curve, repeated = (pd.read_csv(p) for p in (run_dir / "curve.csv", output))
    pd.testing.assert_frame_equal(curve, repeated)
    assert exported.returncode == 0, exported.stderr
    assert "3 exits as onnx" in exported.stdout


@pytest.mark.parametrize("name", ["evaluate", "export"])
def test_a_folder_without_a_finished_run_is_refused(name, tmp_path):
    run = ann(name, f"--run_dir={tmp_path}", f"--output={tmp_path / 'out'}")
    assert run.returncode == 1
    assert "error: no finished run (curve.csv) here" in run.stderr


def test_a_wrong_format_is_refused_before_anything_is_read(tmp_path):
    run = ann("export", "--run_dir=none", f"--output={tmp_path / 'e'}", "--format=onnx,torch")
    assert run.returncode == 1
    assert "must be one or several of saved_model, onnx, litert" in run.stderr


def test_the_command_of_the_checkout_is_the_same():
    run = python("-m", "experiments.train", "--weighting=adalos")
    assert "Did you mean 'adaloss'?" in run.stderr


def test_trains_on_class_folders(class_folders, tmp_path):
    run = ann(
        "train",
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


def test_the_wheel_holds_the_library_alone_and_trains_from_an_empty_folder(tmp_path):
    build = ["-m", "pip", "wheel", str(ROOT), "--no-deps", "--no-build-isolation", "-q"]
    made = python(*build, "-w", str(tmp_path / "wheel"))
    assert made.returncode == 0, made.stderr
    (wheel,) = (tmp_path / "wheel").iterdir()
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
        assert {top for top in tops if not top.endswith(".dist-info")} == {"ann"}
        archive.extractall(tmp_path / "site")
    empty = tmp_path / "empty"
    empty.mkdir()
    run = python(
        "-m", "ann", "train", *TINY, "--run_dir=run", cwd=empty, PYTHONPATH=str(tmp_path / "site")
    )
    assert run.returncode == 0, run.stderr
    assert (empty / "run" / "curve.csv").exists()


SCHEME = """
import dataclasses
import numpy as np
from ann.losses.knob import knob
from ann.losses.scheme import StaticScheme

@dataclasses.dataclass(eq=False)
class Ramp(StaticScheme):
    slope: float = knob(1.0, "growth of the weights from exit to exit", low=0, flag="ramp_slope")

    def _rule(self, num_exits):
        return 1 + self.slope * np.arange(num_exits)
"""
ADD_SCHEME = """
import sys
from ann import losses
from ramp import Ramp
losses._SCHEMES["ramp"] = Ramp  # the line in the room's dictionary
from ann.__main__ import main
main(["ann", "train", *sys.argv[1:]])
"""


def test_a_scheme_is_its_file_and_its_line(tmp_path):
    """Its flag, range and help come from the class."""
    (tmp_path / "ramp.py").write_text(SCHEME)

    def train(*arguments):
        return python("-c", ADD_SCHEME, *arguments, PYTHONPATH=str(tmp_path))

    shown = " ".join(train("--help").stdout.split())
    assert "--ramp_slope ramp: growth of the weights from exit to exit. (default: '1.0')" in shown
    refused = train("--weighting=ramp", "--ramp_slope=-1", f"--run_dir={tmp_path / 'run'}")
    assert "ramp_slope must be in [0, inf). Received: ramp_slope=-1" in refused.stderr
    run = train(*TINY, "--weighting=ramp", "--ramp_slope=3", f"--run_dir={tmp_path / 'run'}")
    assert run.returncode == 0, run.stderr
    log = pd.read_csv(tmp_path / "run" / "epochs.csv")
    weights = [log[f"exit_{k:02d}_weight"].iloc[-1] for k in range(3)]
    assert weights == pytest.approx([1 / 7, 4 / 7, 1])  # 1, 4, 7 over the largest


def test_a_package_that_is_missing_is_told_in_one_line(monkeypatch):
    monkeypatch.setitem(COMMANDS, "train", "package_that_is_not_there")
    with pytest.raises(SystemExit, match="No module named 'package_that_is_not_there'. `pip inst"):
        main(["ann", "train", "--epochs=1"])
