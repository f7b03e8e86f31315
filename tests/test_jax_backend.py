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
COMBINERS = """
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
"""
SCRIPT = f"""
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
model.set_weights([inputs[f"weight_{{i:03d}}"] for i in range(len(model.get_weights()))])
fit = {{"batch_size": 10, "epochs": 2, "shuffle": False, "verbose": 0}}
history = model.fit(inputs["x"], inputs["y"], **fit).history
print(costs.profile(model).macs_pruned.tolist())
answers = model.predict(inputs["x"], verbose=0)
image = keras.Input((8, 8, 3))
x = keras.layers.Flatten()(image)
outputs = {{"digit": keras.layers.Dense(10)(x), "ink": keras.layers.Dense(1)(x)}}
tasks = models.MultiTaskModel(keras.Model(image, outputs))
loss = {{"digit": "sparse_categorical_crossentropy", "ink": "mse"}}
tasks.compile(optimizer=L2SGD(0.001), loss=loss, weighting="adaloss")
tasks.set_weights([inputs[f"task_weight_{{i}}"] for i in range(len(tasks.get_weights()))])
ink = inputs["x"].mean(axis=(1, 2, 3))
of_tasks = tasks.fit(inputs["x"], {{"digit": inputs["y"], "ink": ink}}, **fit).history["loss"]
np.savez(sys.argv[2], *answers, of_tasks=of_tasks, weights=model.loss_combiner.exit_weights,
         losses=model.loss_combiner.state["running_losses"], loss=history["loss"])
{COMBINERS}
np.savez(sys.argv[3], **totals)
"""


def compiled():
    """A network of three exits and one of two tasks."""
    from ann.training import L2SGD

    model = models.build("resann-n1-c4", input_shape=(8, 8, 3))
    model.compile(optimizer=L2SGD(0.05), weighting=losses.AdaLoss())
    image = keras.Input((8, 8, 3))
    flat = keras.layers.Flatten()(image)
    outputs = {"digit": keras.layers.Dense(10)(flat), "ink": keras.layers.Dense(1)(flat)}
    tasks = models.MultiTaskModel(keras.Model(image, outputs))
    loss = {"digit": "sparse_categorical_crossentropy", "ink": "mse"}
    tasks.compile(optimizer=L2SGD(0.001), loss=loss, weighting="adaloss")
    return model, tasks


@pytest.fixture(scope="module")
def on_jax(tmp_path_factory):
    """Two untrained networks and a batch; what one process on JAX made of them; and the numbers of
    its loss combiners."""
    folder, random = tmp_path_factory.mktemp("jax"), np.random.default_rng(0)
    x, y = random.normal(size=(20, 8, 8, 3)).astype("float32"), random.integers(0, 10, 20)
    model, tasks = compiled()
    weights = {f"weight_{i:03d}": w for i, w in enumerate(model.get_weights())}
    weights |= {f"task_weight_{i}": w for i, w in enumerate(tasks.get_weights())}
    paths = [folder / f"{name}.npz" for name in ("inputs", "outputs", "combiners")]
    np.savez(paths[0], x=x, y=y, **weights)
    environment = {
        **os.environ,
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        # Compiled once, run a few times: not worth XLA's optimizations.
        "XLA_FLAGS": "--xla_backend_optimization_level=0",
    }
    arguments = [sys.executable, "-c", SCRIPT, *paths]
    run = subprocess.run(
        arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return (model, tasks, x, y), np.load(paths[1]), np.load(paths[2])


def test_training_gives_the_numbers_of_tensorflow(on_jax):
    (model, tasks, x, y), outputs, _ = on_jax
    fit = {"batch_size": 10, "epochs": 2, "shuffle": False, "verbose": 0}
    history = model.fit(x, y, **fit).history
    of_tasks = tasks.fit(x, {"digit": y, "ink": x.mean(axis=(1, 2, 3))}, **fit).history["loss"]
    np.testing.assert_allclose(outputs["loss"], history["loss"], rtol=1e-4)
    np.testing.assert_allclose(outputs["of_tasks"], of_tasks, rtol=1e-4)
    np.testing.assert_allclose(outputs["weights"], model.loss_combiner.exit_weights, rtol=1e-4)
    np.testing.assert_allclose(
        outputs["losses"], model.loss_combiner.state["running_losses"], rtol=1e-4
    )
    for index, logits in enumerate(model.predict(x, verbose=0)):
        np.testing.assert_allclose(outputs[f"arr_{index}"], logits, rtol=1e-3, atol=1e-3)


def test_every_scheme_and_sampler_gives_the_numbers_of_tensorflow(on_jax):
    names, found = {}, on_jax[-1]
    exec(COMBINERS, names)
    expected = names["totals"]
    assert len(expected) == len(losses.schemes()) * (1 + len(losses.samplers()))
    assert set(found.files) == set(expected)
    for name, numbers in expected.items():
        np.testing.assert_allclose(found[name], numbers, rtol=1e-5, err_msg=name)


def test_this_process_is_on_tensorflow():
    assert keras.config.backend() == "tensorflow"
