"""What is packed for another machine is whole and small enough, and runs without TensorFlow."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from ann import data
from ann.data.packed import pack, packed_split
from experiments.harness import kit
from experiments.harness.store import RunStore


def test_a_data_set_comes_back_from_files_of_a_limited_size(tmp_path):
    dataset = data.load("synthetic")
    limit = 30_000
    paths = pack(dataset, tmp_path, limit)
    assert [path.name for path in paths][:2] == [
        "synthetic-train-0-of-4.npz",
        "synthetic-train-1-of-4.npz",
    ]
    assert max(path.stat().st_size for path in paths) <= limit
    for name in ("train", "test"):
        split = packed_split("synthetic", name, tmp_path)
        np.testing.assert_array_equal(split.images, getattr(dataset, name).images)
        np.testing.assert_array_equal(split.labels, getattr(dataset, name).labels)
    paths[1].unlink()
    with pytest.raises(FileNotFoundError, match="must hold 4 files.*Received: synthetic-train-0"):
        packed_split("synthetic", "train", tmp_path)


def test_cifar_is_read_from_packed_files(tmp_path):
    whole = data.load("synthetic")
    paths = pack(whole, tmp_path, kit.MOST_BYTES)
    for path in paths:
        path.rename(tmp_path / path.name.replace("synthetic", "cifar10"))
    dataset = data.load("cifar10", data_dir=tmp_path)
    assert (dataset.padding, dataset.flip) == (4, True)
    assert (
        data.fingerprint(dataset)["digest of the training images"]
        == (data.fingerprint(whole)["digest of the training images"])
    )


def test_a_kit_plans_runs_without_tensorflow(tmp_path):
    paths = kit.make(tmp_path, [], most_bytes=4 * 2**20)
    assert {path.name for path in paths} == {"code.tar.gz", "wheels.txt", "run.sh"}
    wheels = (tmp_path / "wheels.txt").read_text()
    assert "keras==" in wheels
    assert not {"jax", "jaxlib", "tensorflow"} & {line.split("==")[0] for line in wheels.split()}
    block = tmp_path / "block"
    (block / "tensorflow").mkdir(parents=True)
    (block / "tensorflow" / "__init__.py").write_text("raise ImportError('blocked')")
    environment = {**os.environ, "PYTHON": sys.executable, "PYTHONPATH": str(block)}
    command = ["./run.sh", "--experiment=adaloss_table1", "--scale=quick", "--dry_run"]
    run = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "adaloss" in run.stdout
    assert (tmp_path / "code" / "COMMIT").read_text().strip()


def test_what_has_no_packed_form_is_refused(tmp_path):
    with pytest.raises(ValueError, match="cifar100, svhn; .* Received: datasets=imagenet2012"):
        kit.make(tmp_path, ["imagenet2012"])


def test_rows_come_back(tmp_path):
    here, there = RunStore(tmp_path / "here"), RunStore(tmp_path / "there")
    for store, runs in ((here, {"a": 1, "b": 1}), (there, {"b": 2, "c": 2})):
        frame = pd.DataFrame({"run": list(runs), "seconds": list(runs.values())})
        store._write("runs", frame)
        store._write("run_exits", frame)
    assert here.merge(there) == ["b", "c"]
    assert here.runs().seconds.to_dict() == {"a": 1, "b": 2, "c": 2}
    assert len(here.exits()) == 3
    with pytest.raises(FileNotFoundError, match="no runs.csv with rows"):
        here.merge(RunStore(tmp_path / "nowhere"))
