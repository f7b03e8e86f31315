"""The options of a recipe give the same numbers on Keras's JAX backend, without TensorFlow."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent
TRAIN = """
import keras, numpy as np
from ann import losses
from ann.models import MultiExitModel
from ann.training import EvaluateAverage, L2SGD, WarmUp, averaged_weights, cosine_schedule

def network():
    segments, heads = [], []
    for shape in ((8, 8, 3), (6,)):
        layers = (keras.layers.Flatten(), keras.layers.Dense(6), keras.layers.BatchNormalization())
        segments.append(keras.Sequential([keras.Input(shape), *layers]))
        heads.append(keras.Sequential([keras.Input((6,)), keras.layers.Dense(10)]))
    return MultiExitModel(segments, heads, (8, 8, 3))

def trained(inputs):
    model = network()
    model.compile(
        L2SGD(WarmUp(cosine_schedule(0.05, 8), 2), nesterov=True, use_ema=True, ema_momentum=0.5),
        weighting="adaloss",
        training_mode="equilibrium",
        targets=losses.Targets(label_smoothing=0.1, distillation=0.3),
    )
    for variable, index in zip(model.weights, range(len(model.weights))):
        if f"weight_{index:03d}" in inputs:
            variable.assign(inputs[f"weight_{index:03d}"])
    data = (inputs["x"], inputs["y"])
    history = model.fit(*data, batch_size=10, epochs=2, shuffle=False, verbose=0,
                        validation_data=data, callbacks=[EvaluateAverage()]).history
    after = model.fit(*data, batch_size=10, shuffle=False, verbose=0, callbacks=[EvaluateAverage()])
    with averaged_weights(model):
        averaged = np.asarray(model(inputs["x"])[-1])
    return {
        "loss": history["loss"],
        "val_loss": history["val_loss"],
        "after": after.history["loss"],
        "weights": np.asarray(model.loss_combiner.exit_weights),
        "averaged": averaged,
    }
"""
ON_JAX = f"""
import sys
sys.modules["tensorflow"] = None  # importing it is now an error
{TRAIN}
assert keras.config.backend() == "jax"
np.savez(sys.argv[2], **trained(dict(np.load(sys.argv[1]))))
"""


def test_the_numbers_of_tensorflow(tmp_path, random):
    pytest.importorskip("jax")
    names = {}
    exec(TRAIN, names)
    inputs = {
        "x": random.normal(size=(20, 8, 8, 3)).astype("float32"),
        "y": np.eye(10, dtype="float32")[random.integers(0, 10, 20)] * 0.9 + 0.01,
    }
    start = names["network"]().get_weights()
    inputs |= {f"weight_{index:03d}": array for index, array in enumerate(start)}
    np.savez(tmp_path / "inputs.npz", **inputs)
    expected = names["trained"](inputs)
    environment = {
        **os.environ,
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        # Compiled once, run a few times: not worth XLA's optimizations.
        "XLA_FLAGS": "--xla_backend_optimization_level=0",
    }
    arguments = [sys.executable, "-c", ON_JAX, tmp_path / "inputs.npz", tmp_path / "outputs.npz"]
    run = subprocess.run(
        arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    for name, found in np.load(tmp_path / "outputs.npz").items():
        np.testing.assert_allclose(found, expected[name], rtol=2e-3, atol=1e-3, err_msg=name)
