"""What an export holds, that it answers as the model does, and that it is whole or not there."""

import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest

from ann import costs, export, models, runtime
from ann.export import folder
from ann.export.folder import atomic_folder

ROOT = pathlib.Path(__file__).parent.parent.parent


def images(model, count=2):
    return np.random.default_rng(0).normal(size=(count, *model.sample_shape)).astype("float32")


def logits_of(model, x):
    return [keras.ops.convert_to_numpy(logits) for logits in model(x, training=False)]


def assert_close(actual, expected):
    np.testing.assert_allclose(actual, expected, atol=1e-4 * max(1.0, np.abs(expected).max()))


def test_manifest_tells_costs_and_errors(tmp_path):
    model = models.build("resann-n1-c4", num_classes=10)
    export.export(model, tmp_path / "e", errors=[50.0, 40.0, 30.0])
    manifest = json.loads((tmp_path / "e/manifest.json").read_text())
    profile = costs.profile(model)
    assert [e["macs"] for e in manifest["exits"]] == profile.macs_blockwise.tolist()
    assert [e["macs_pruned"] for e in manifest["exits"]] == profile.macs_pruned.tolist()
    assert [e["error_top1"] for e in manifest["exits"]] == [50.0, 40.0, 30.0]
    assert manifest["input"] == {"shape": [32, 32, 3], "dtype": "float32", "largest": 255}
    assert manifest["formats"] == ["saved_model"]


def test_preprocessing_is_part_of_the_export(tmp_path, lively):
    model = lively(models.build("resann-n1-c4", num_classes=10, input_shape=(16, 16, 3)))
    normalization = keras.layers.Normalization(
        mean=[100.0, 120.0, 140.0], variance=[400.0, 900.0, 1600.0]
    )
    export.export(model, tmp_path / "e", ["saved_model", "onnx"], preprocessing=normalization)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3)).astype("uint8")
    expected = logits_of(
        model, ((pixels - np.array([100, 120, 140])) / np.array([20, 30, 40])).astype("float32")
    )
    for engine in ("tensorflow", "onnxruntime"):
        predictor = runtime.AnytimePredictor(tmp_path / "e", engine=engine)
        assert_close(predictor.predict(pixels).logits, expected[-1])
        with pytest.raises(ValueError, match="uint8"):
            predictor.predict(pixels.astype("float32"))


def test_mixed_precision_is_shipped_in_float32(tmp_path, lively):
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = lively(models.build("resann-n1-c4", num_classes=10, input_shape=(16, 16, 3)))
    keras.config.set_dtype_policy("float32")
    twin = models.build("resann-n1-c4", num_classes=10, input_shape=(16, 16, 3))
    twin.set_weights(model.get_weights())
    export.export(model, tmp_path / "e", "onnx")
    x = images(model)
    assert_close(runtime.AnytimePredictor(tmp_path / "e").predict(x).logits, logits_of(twin, x)[-1])


def test_another_export_replaces_and_a_failed_one_does_not(tmp_path, monkeypatch):
    path = tmp_path / "e"
    first, second = (
        models.build("resann-n1-c4", num_classes=k, input_shape=(16, 16, 3)) for k in (3, 5)
    )
    export.export(first, path)
    assert runtime.AnytimePredictor(path).num_classes == 3
    monkeypatch.setattr("ann.export.exporter.write_manifest", lambda *args, **others: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export.export(second, path)
    assert runtime.AnytimePredictor(path).num_classes == 3
    monkeypatch.undo()
    export.export(second, path)
    assert runtime.AnytimePredictor(path).num_classes == 5
    assert [p.name for p in tmp_path.iterdir()] == ["e"]


@pytest.mark.parametrize("moment", ["while writing", "between the two renames"])
def test_killed_in_the_middle_the_previous_export_still_loads(tmp_path, moment):
    path = tmp_path / "e"
    export.export(
        models.build("resann-n1-c4", num_classes=3, input_shape=(16, 16, 3)), path, "onnx"
    )
    code = f"""
import os, signal
from ann import export, models
from ann.export import exporter, folder
die = lambda *args, **others: os.kill(os.getpid(), signal.SIGKILL)
if {moment!r} == "while writing":
    exporter.write_manifest = die
else:
    rename = os.rename
    folder.os.rename = lambda a, b: rename(a, b) if str(b).endswith(".previous") else die()
model = models.build("resann-n1-c4", num_classes=5, input_shape=(16, 16, 3))
export.export(model, {str(path)!r}, "onnx")
"""
    assert (
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False
        ).returncode
        == -9
    )
    assert runtime.AnytimePredictor(path).num_classes == 3
    with atomic_folder(path):
        assert len(list(tmp_path.glob(".partial-*"))) == 2  # this one and its lock
    assert [p.name for p in tmp_path.iterdir()] == ["e"]


def test_what_another_process_writes_is_left_alone(tmp_path):
    with atomic_folder(tmp_path / "e") as one, atomic_folder(tmp_path / "e") as other:
        assert one.exists()
        assert other.exists()


def test_no_other_process_removes_what_is_being_put_in_its_place(tmp_path, monkeypatch):
    rename = os.rename

    def meanwhile(source, target):
        folder._remove_left_over(tmp_path / "e")  # as another process begins
        rename(source, target)

    monkeypatch.setattr(folder.os, "rename", meanwhile)
    with atomic_folder(tmp_path / "e") as made:
        (made / "file").write_text("whole")
    assert [path.name for path in tmp_path.rglob("*")] == ["e", "file"]


def test_refusals(tmp_path):
    model = models.build("resann-n1-c4", num_classes=3, input_shape=(16, 16, 3))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("years of work")
    with pytest.raises(ValueError, match="new, empty or an earlier export"):
        export.export(model, tmp_path / "mine")
    with pytest.raises(
        ValueError, match="format must be one or several of .*Received: format='torch'"
    ):
        export.export(model, tmp_path / "e", "torch")
    with pytest.raises(ValueError, match="one number for each of the 3 exits"):
        export.export(model, tmp_path / "e", errors=[1.0])
    assert (tmp_path / "mine/thesis.txt").exists()
    assert not (tmp_path / "e").exists()


def test_size_and_signatures_grow_with_the_number_of_exits_only(tmp_path):
    def exported_bytes(period):
        model = models.build("resann-n7-c32", num_classes=10, s=period)
        export.export(model, tmp_path / str(period))
        files = [p for p in (tmp_path / str(period)).rglob("*") if p.is_file()]
        heads = 4 * sum(head.count_params() for head in model.heads)
        return model.num_exits, sum(p.stat().st_size for p in files) - heads

    (one, small), (many, large) = exported_bytes(21), exported_bytes(1)
    assert (one, many) == (1, 21)
    assert large <= 1.5 * small
