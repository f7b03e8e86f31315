"""The example of heads first, then everything."""

import pathlib
import subprocess
import sys

import keras
import numpy as np

from ann import models

ROOT = pathlib.Path(__file__).parent.parent.parent


def body():
    """Four residual units without classes, the first layer frozen."""
    inputs = x = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(8, 3, strides=2, padding="same", name="conv")(x)
    for index in range(4):
        new = keras.layers.Conv2D(8, 3, padding="same", use_bias=False, name=f"unit_{index}")(x)
        x = keras.layers.Add()([x, keras.layers.BatchNormalization()(new)])
    made = keras.Model(inputs, x)
    made.get_layer("conv").trainable = False
    return made


def test_heads_then_everything_with_frozen_layers(tmp_path):
    resized, inner = keras.Input((8, 8, 3)), body()  # the size of the synthetic images
    plain = keras.Model(resized, inner(keras.layers.UpSampling2D(2)(resized)))
    plain.save(tmp_path / "pretrained.keras")
    flags = ["--dataset=synthetic", "--train_examples=128", "--every=2", "--head_epochs=1"]
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
    kernel, moved = (
        next(weight for weight in model.weights if f"{name}/kernel" in weight.path)
        for name in ("conv", "unit_1")
    )
    np.testing.assert_array_equal(kernel, inner.get_layer("conv").kernel)
    assert np.abs(moved - inner.get_layer("unit_1").kernel).max() > 0
