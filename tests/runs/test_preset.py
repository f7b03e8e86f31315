"""A finished run as a preset, and a picture's class from it."""

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ann import evaluation, models, training
from ann.runs import build
from ann.runs.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
from ann.runs.export import export_preset
from ann.runs.folder import RunFolder
from ann.runs.predict import PresetPredictor
from ann.runs.preset import command_of, preset_of_run
from ann.runs.train import train
from ann.runtime import AnytimePredictor

CONFIG = RunConfig(
    data=DataConfig(dataset="synthetic", batch_size=64, mixup=0.2),
    model=ModelConfig(model="resann-n1-c4"),
    training=TrainingConfig(epochs=2, learning_rate=0.05, ema=0.5, schedule="cosine"),
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "run"
    train(CONFIG, path, verbose=0)
    return path


@pytest.fixture(scope="module")
def preset(run):
    path = run.parent / "preset"
    preset_of_run(run, path, limits="A test.")
    return path


def test_a_preset_knows_what_the_run_knows(run, preset):
    found = models.from_preset(preset).preset
    curve = pd.read_csv(RunFolder(run).curve)
    assert [exit["error_top1"] for exit in found.exits] == pytest.approx(curve.error_top1.tolist())
    assert [exit["macs"] for exit in found.exits] == curve.macs.tolist()
    assert found.class_names == [str(index) for index in range(10)]
    mean, std = build.dataset(CONFIG).normalization()
    np.testing.assert_allclose(found.normalization["mean"], mean)
    np.testing.assert_allclose(found.normalization["std"], std)
    assert found.card["recipe"] == f"`{command_of(CONFIG)}`"
    assert "512 images to train on" in found.card["data"]
    assert "256 test images" in found.card["limits"]
    assert found.card["limits"].endswith("A test.")
    assert all(0.01 <= exit["temperature"] <= 100 for exit in found.exits)


def test_the_command_trains_the_same_config():
    assert command_of(CONFIG) == (
        "ann train --mixup=0.2 --dataset=synthetic --batch_size=64 --model=resann-n1-c4 "
        "--schedule=cosine --ema=0.5 --epochs=2 --learning_rate=0.05"
    )


def test_the_errors_of_the_preset_are_those_of_its_card(preset):
    model = models.from_preset(preset)
    split = build.dataset(CONFIG).test
    batches = [(model.preset.preprocess(split.images), split.labels)]
    measured = evaluation.anytime_curve(model, batches).error_top1
    written = [exit["error_top1"] for exit in model.preset.exits]
    # 256 images, 0.4 points each: float16 kernels may change an answer or two.
    np.testing.assert_allclose(measured, written, atol=1.0)


def test_a_preset_is_exported_with_its_normalization_errors_and_temperatures(preset, tmp_path):
    export_preset(preset, tmp_path / "exported", ["onnx"], preprocess=True)
    predictor = AnytimePredictor(tmp_path / "exported")
    pixels = build.dataset(CONFIG).test.images[:4]
    answer = predictor.predict(pixels)
    model = models.from_preset(preset)
    (logits,) = [np.asarray(one) for one in model(model.preset.preprocess(pixels))[-1:]]
    temperature = model.preset.exits[-1]["temperature"]
    np.testing.assert_allclose(answer.logits, logits / temperature, rtol=1e-3, atol=1e-3)
    written = [exit["error_top1"] for exit in model.preset.exits]
    assert [exit["error_top1"] for exit in predictor.manifest["exits"]] == pytest.approx(written)


def test_a_picture_is_scaled_to_the_white_of_the_training(tmp_path):
    config = RunConfig.from_fields({"model": "resann-n1-c4", "epochs": 1, "batch_size": 512})
    train(config, tmp_path / "run", verbose=0)  # the digits, whose white is 16
    preset_of_run(tmp_path / "run", tmp_path / "preset", weights="float32")
    model = models.from_preset(tmp_path / "preset")
    pixels = build.dataset(config).test.images[0]
    picture = np.round(pixels[..., 0] * (255 / 16)).astype("uint8")
    Image.fromarray(picture).save(tmp_path / "picture.png")
    predictor = PresetPredictor(tmp_path / "preset", tmp_path / "cache")
    assert predictor.predictor.manifest["input"]["largest"] == 16
    answer, _ = predictor.predict(tmp_path / "picture.png")
    logits = np.asarray(model(model.preset.preprocess(pixels[None]))[-1])[0]
    expected = logits / model.preset.exits[-1]["temperature"]
    np.testing.assert_allclose(answer.logits, expected, rtol=1e-3, atol=1e-3)


def test_a_picture_is_answered_within_its_deadline(preset, tmp_path):
    pixels = build.dataset(CONFIG).test.images[0]
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    predictor = PresetPredictor(preset, tmp_path / "cache")
    answer, classes = predictor.predict(tmp_path / "picture.png")
    assert answer.exit == 2
    assert sum(share for _, share in classes) == pytest.approx(1)
    model = models.from_preset(preset)
    logits = np.asarray(model(model.preset.preprocess(pixels[None]))[-1])[0]
    assert [int(name) for name, _ in classes] == np.argsort(-logits).tolist()
    shares = np.exp(logits / model.preset.exits[-1]["temperature"])
    assert classes[0][1] == pytest.approx(shares.max() / shares.sum(), rel=1e-2)
    late, _ = predictor.predict(tmp_path / "picture.png", deadline=0.0)
    assert late.late
    (export,) = (tmp_path / "cache").iterdir()
    before = (export / "manifest.json").stat().st_mtime_ns
    PresetPredictor(preset, tmp_path / "cache")  # is exported once
    assert (export / "manifest.json").stat().st_mtime_ns == before
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(ValueError, match="no image that can be read"):
        predictor.predict(tmp_path / "text.png")
    with pytest.raises(FileNotFoundError, match="no such picture"):
        predictor.predict(tmp_path / "none.png")


def test_the_model_of_a_run_has_its_averaged_weights(run):
    """A checkpoint has them, too, and the trained ones beside them."""
    folder = RunFolder(run)
    log = pd.read_csv(folder.epochs)
    curve = pd.read_csv(folder.curve)
    assert log.val_exit_02_error.iloc[-1] == pytest.approx(curve.error_top1.iloc[-1])
    model = keras.saving.load_model(folder.model)
    averaged = model.get_weights()
    newest = training.Checkpoints(folder.checkpoints).newest_first()[0]
    training.load_weights(model, newest)
    for one, other in zip(model.get_weights(), averaged, strict=True):
        np.testing.assert_array_equal(one, other)
    training.load_weights(model, newest, averaged=False)
    trained = model.get_weights()
    assert any((one != other).any() for one, other in zip(trained, averaged, strict=True))


def test_a_preset_without_normalization_cannot_read_pictures(tmp_path):
    models.build("resann-n1-c4").save_to_preset(tmp_path / "bare")
    with pytest.raises(ValueError, match="does not say how pixels become its input"):
        PresetPredictor(tmp_path / "bare")
