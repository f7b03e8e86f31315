"""The example of heads first, then everything."""

import pathlib
import subprocess
import sys

import keras
import numpy as np

from ann import models

ROOT = pathlib.Path(__file__).parent.parent.parent


def test_heads_then_everything_with_frozen_layers(tmp_path):
    plain = keras.applications.MobileNetV3Small(
        weights=None, input_shape=(32, 32, 3), include_top=False, include_preprocessing=False
    )
    resized = keras.Input((8, 8, 3))  # the size of the synthetic images
    x = keras.layers.UpSampling2D(4)(resized)
    plain = keras.Model(resized, plain(x))
    (body,) = [layer for layer in plain.layers if isinstance(layer, keras.Model)]
    body.get_layer("conv").trainable = False
    plain.save(tmp_path / "pretrained.keras")
    flags = ["--dataset=synthetic", "--train_examples=128", "--every=4", "--head_epochs=1"]
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "examples.fine_tune",
            *flags,
            "--epochs=1",
            f"--network={tmp_path / 'pretrained.keras'}",
            f"--save={tmp_path / 'anytime.keras'}",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "after heads: error per exit" in run.stdout
    assert "after joint: error per exit" in run.stdout
    model = keras.saving.load_model(tmp_path / "anytime.keras")
    assert isinstance(model, models.MultiExitModel)
    kernel = next(w for w in model.weights if "conv/kernel" in w.path and "expanded" not in w.path)
    np.testing.assert_array_equal(kernel, body.get_layer("conv").kernel)
    moved = next(w for w in model.trainable_weights if "expanded_conv_1_expand" in w.path)
    original = next(w for w in body.weights if "expanded_conv_1_expand/kernel" in w.path)
    assert np.abs(moved - original).max() > 0
