"""The same code on Keras's JAX backend, without TensorFlow: same inputs, same numbers."""

import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest

from ann import losses, models

pytest.importorskip("jax")

ROOT = pathlib.Path(__file__).parent.parent
SCRIPT = """
import sys
sys.modules["tensorflow"] = None  # importing it is now an error
import keras, numpy as np
from ann import costs, losses, models
from ann.training import L2SGD
assert keras.config.backend() == "jax"
wrong_label = losses.exit_cross_entropies(np.array([0, 10]), [np.zeros((2, 10), "float32")])
assert np.isnan(np.asarray(wrong_label)[0]).tolist() == [False, True]
inputs = np.load(sys.argv[1])
model = models.build("resann-n1-c4", input_shape=(8, 8, 3))
model.compile(optimizer=L2SGD(0.05), weighting="adaloss")
model.set_weights([inputs[f"weight_{i:03d}"] for i in range(len(model.get_weights()))])
fit = {"batch_size": 10, "epochs": 2, "shuffle": False, "verbose": 0}
history = model.fit(inputs["x"], inputs["y"], **fit).history
print(costs.profile(model).macs_pruned.tolist())
answers = model.predict(inputs["x"], verbose=0)
image = keras.Input((8, 8, 3))
x = keras.layers.Flatten()(image)
outputs = {"digit": keras.layers.Dense(10)(x), "ink": keras.layers.Dense(1)(x)}
tasks = models.MultiTaskModel(keras.Model(image, outputs))
loss = {"digit": "sparse_categorical_crossentropy", "ink": "mse"}
tasks.compile(optimizer=L2SGD(0.001), loss=loss, weighting="adaloss")
tasks.set_weights([inputs[f"task_weight_{i}"] for i in range(len(tasks.get_weights()))])
ink = inputs["x"].mean(axis=(1, 2, 3))
of_tasks = tasks.fit(inputs["x"], {"digit": inputs["y"], "ink": ink}, **fit).history["loss"]
np.savez(sys.argv[2], *answers, of_tasks=of_tasks, weights=model.loss_combiner.exit_weights,
         losses=model.loss_combiner.state["running_losses"], loss=history["loss"])
"""


def test_training_gives_the_numbers_of_tensorflow(tmp_path, random):
    from ann.training import L2SGD

    x, y = random.normal(size=(20, 8, 8, 3)).astype("float32"), random.integers(0, 10, 20)
    model = models.build("resann-n1-c4", input_shape=(8, 8, 3))
    model.compile(optimizer=L2SGD(0.05), weighting=losses.AdaLoss())
    weights = {f"weight_{i:03d}": w for i, w in enumerate(model.get_weights())}
    image = keras.Input((8, 8, 3))
    flat = keras.layers.Flatten()(image)
    outputs = {"digit": keras.layers.Dense(10)(flat), "ink": keras.layers.Dense(1)(flat)}
    tasks = models.MultiTaskModel(keras.Model(image, outputs))
    loss = {"digit": "sparse_categorical_crossentropy", "ink": "mse"}
    tasks.compile(optimizer=L2SGD(0.001), loss=loss, weighting="adaloss")
    weights |= {f"task_weight_{i}": w for i, w in enumerate(tasks.get_weights())}
    np.savez(tmp_path / "inputs.npz", x=x, y=y, **weights)
    fit = {"batch_size": 10, "epochs": 2, "shuffle": False, "verbose": 0}
    history = model.fit(x, y, **fit).history
    of_tasks = tasks.fit(x, {"digit": y, "ink": x.mean(axis=(1, 2, 3))}, **fit).history["loss"]

    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    arguments = [sys.executable, "-c", SCRIPT, tmp_path / "inputs.npz", tmp_path / "outputs.npz"]
    run = subprocess.run(
        arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    outputs = np.load(tmp_path / "outputs.npz")
    np.testing.assert_allclose(outputs["loss"], history["loss"], rtol=1e-4)
    np.testing.assert_allclose(outputs["of_tasks"], of_tasks, rtol=1e-4)
    np.testing.assert_allclose(outputs["weights"], model.loss_combiner.exit_weights, rtol=1e-4)
    np.testing.assert_allclose(
        outputs["losses"], model.loss_combiner.state["running_losses"], rtol=1e-4
    )
    for index, logits in enumerate(model.predict(x, verbose=0)):
        np.testing.assert_allclose(outputs[f"arr_{index}"], logits, rtol=1e-3, atol=1e-3)


COMBINER_SCRIPT = """
import sys
import numpy as np
from keras import ops
from ann import losses

values = np.random.default_rng(0).uniform(0.2, 3, (6, 9)).astype("float32")
norms = np.random.default_rng(1).uniform(0.2, 3, (6, 9)).astype("float32")
totals = {}
for scheme in losses.schemes():
    for sampler in (None, *losses.samplers()):
        combiner = losses.LossCombiner(losses.get(scheme), 9, losses.get_sampler(sampler))
        signals = (norms,) if combiner.scheme.needs_gradient_norms else ()
        steps = [
            float(combiner(step_losses, *(one[i] for one in signals), training=True))
            for i, step_losses in enumerate(values)
        ]
        totals[f"{scheme} {sampler}"] = steps + ops.convert_to_numpy(combiner.exit_weights).tolist()
np.savez(sys.argv[1], **totals)
"""


def test_every_scheme_and_sampler_gives_the_numbers_of_tensorflow(tmp_path):
    results = {}
    for backend in ("tensorflow", "jax"):
        environment = {**os.environ, "KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu"}
        arguments = [sys.executable, "-c", COMBINER_SCRIPT, tmp_path / f"{backend}.npz"]
        run = subprocess.run(
            arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stderr
        results[backend] = np.load(tmp_path / f"{backend}.npz")
    assert len(results["jax"].files) == len(losses.schemes()) * (1 + len(losses.samplers()))
    for name in results["jax"].files:
        np.testing.assert_allclose(
            results["jax"][name], results["tensorflow"][name], rtol=1e-5, err_msg=name
        )


def test_this_process_is_on_tensorflow():
    assert keras.config.backend() == "tensorflow"
