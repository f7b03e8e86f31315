"""The contract of every family, on small members of each."""

import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from ann import costs, models
from ann.models.denseann import ILSVRC_DEPTHS

# Index of a unit after the first exit, where that is not 2.
AFTER_AN_EXIT = {"denseann37": 12, "msdnet-cifar-b3": 4, "msdnet23": 4}

FAMILIES = {
    "resann cifar": ("resann-n1-c4", {"input_shape": (16, 16, 3)}),
    "resann cifar, author code": (
        "resann-n1-c4",
        {"input_shape": (16, 16, 3), "preset": "author_code"},
    ),
    "resann cifar, 002": ("resann-n1-c4", {"input_shape": (16, 16, 3), "preset": "sieve"}),
    "resann ilsvrc": ("resann14", {"input_shape": (32, 32, 3), "num_classes": 10}),
    "resann ilsvrc, author code": (
        "resann14",
        {"input_shape": (32, 32, 3), "num_classes": 10, "preset": "author_code"},
    ),
    "resann ilsvrc, basic": ("resann18", {"input_shape": (32, 32, 3), "num_classes": 10}),
    "denseann cifar": ("denseann-n2-g4", {"input_shape": (16, 16, 3), "s": 2, "dropout": 0.1}),
    "denseann ilsvrc": (
        "denseann37",
        {"input_shape": (32, 32, 3), "num_classes": 10, "growth": 4},
    ),
    "denseann ilsvrc, author code": (
        "denseann37",
        {"input_shape": (32, 32, 3), "num_classes": 10, "growth": 4, "preset": "author_code"},
    ),
    "vitann cifar": ("vitann-n3-c16", {"input_shape": (16, 16, 3), "heads": 2, "dropout": 0.1}),
    "vitann cifar, mean": (
        "vitann-n3-c16",
        {"input_shape": (16, 16, 3), "pooling": "mean"},
    ),
    "msdnet cifar": ("msdnet-cifar-b3", {"input_shape": (16, 16, 3), "channels": 4, "growth": 2}),
    "msdnet ilsvrc": (
        "msdnet23",
        {
            "blocks": (2, 3),
            "s": 1,
            "factors": (1, 2),
            "input_shape": (32, 32, 3),
            "num_classes": 10,
            "channels": 4,
            "growth": 2,
        },
    ),
    "msdnet imagenet": (
        "msdnet-imagenet-k2",
        {"input_shape": (64, 64, 3), "num_classes": 10, "channels": 4, "growth": 2},
    ),
}


@pytest.fixture(scope="module", autouse=True)
def _small_denseann():
    """A depth that nobody published, with 2 exits: 121 has six times the layers to build."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ILSVRC_DEPTHS, 37, ((3, 4, 5, 4), 4))
        yield


@pytest.fixture(params=FAMILIES, scope="module")
def family(request):
    return FAMILIES[request.param]


def build(family):
    name, overrides = family
    return models.build(name, **overrides)


def batch(model, size=4):
    random = np.random.default_rng(0)
    return random.normal(size=(size, *model.sample_shape)).astype("float32"), random.integers(
        0, 10, size
    )


def test_folded_segments_equal_the_model(family):
    model = build(family)
    x, _ = batch(model)
    state = x
    for segment, head, logits in zip(model.segments, model.heads, model(x), strict=True):
        state = segment(state)
        assert logits.shape == (4, 10)
        np.testing.assert_allclose(head(state), logits, atol=1e-4)


def test_exits_before_the_first_one_asked_for_are_left_out(family):
    name, overrides = family
    whole = build(family)
    later = models.build(name, **overrides, first_exit=AFTER_AN_EXIT.get(name, 2))
    assert 0 < later.num_exits < whole.num_exits
    assert costs.depths(later) == costs.depths(whole)[-later.num_exits :]
    with pytest.raises(ValueError, match="first_exit must be one of the units"):
        models.build(name, **overrides, first_exit=99)


def test_trains_saves_and_loads(family, tmp_path):
    model = build(family)
    x, y = batch(model)
    model.compile(optimizer=keras.optimizers.SGD(0.01), weighting="adaloss")
    assert np.isfinite(model.fit(x, y, verbose=0).history["loss"][0])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for mine, theirs in zip(loaded(x), model(x), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_gradients_reach_every_variable(family):
    model = build(family)
    model.compile(weighting="const")
    x, y = batch(model, 8)
    with tf.GradientTape() as tape:
        loss = model.compute_loss(x, y, model(x, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    missing = [
        w.path
        for w, g in zip(model.trainable_variables, gradients, strict=True)
        if g is None or not float(tf.norm(g))
    ]
    assert not missing


def test_bfloat16_keeps_logits_float32(family):
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = build(family)
    x, y = batch(model)
    model.compile(optimizer=keras.optimizers.SGD(0.01), weighting="const")
    assert np.isfinite(model.fit(x, y, verbose=0).history["loss"][0])
    assert {keras.backend.standardize_dtype(logits.dtype) for logits in model(x)} == {"float32"}
    inputs = [tensor for segment in model.segments[1:] for tensor in segment.inputs]
    states = {keras.backend.standardize_dtype(tensor.dtype) for tensor in inputs}
    assert states == {"bfloat16"}


ON_JAX = """
import sys
sys.modules["tensorflow"] = None  # importing it is now an error
import keras, numpy as np
from ann import models
assert keras.config.backend() == "jax"
for file in sys.argv[1:]:
    batch = np.load(file + ".npz")
    model = keras.saving.load_model(file + ".keras")
    logits = model.predict(batch["x"], verbose=0)
    history = model.fit(batch["x"], batch["y"], verbose=0).history
    weights = np.concatenate([w.ravel() for w in model.get_weights()])
    np.savez(file + "_jax.npz", loss=history["loss"], weights=weights, logits=logits)
"""


def test_models_saved_by_tensorflow_answer_and_train_alike_on_jax(tmp_path):
    pytest.importorskip("jax")
    small = {"input_shape": (16, 16, 3), "channels": 4, "growth": 2, "factors": (1, 2)}
    members = [  # ResANN: tests/test_jax_backend.py
        ("denseann-n1-g4", {"input_shape": (16, 16, 3), "s": 1}),
        ("msdnet-cifar-b2", {"base": 2, "step": 1, **small}),
        FAMILIES["msdnet ilsvrc"],
    ]
    expected = {}
    for index, member in enumerate(members):
        model = build(member)
        x, y = batch(model, 16)
        file = str(tmp_path / str(index))
        model.compile(optimizer=keras.optimizers.SGD(0.01), weighting="linear")
        np.savez(file + ".npz", x=x, y=y)
        model.save(file + ".keras")
        logits = model.predict(x, verbose=0)
        loss = model.fit(x, y, verbose=0).history["loss"]
        expected[file] = {
            "logits": logits,
            "loss": loss,
            "weights": np.concatenate([w.ravel() for w in model.get_weights()]),
        }
    run = subprocess.run(
        [sys.executable, "-c", ON_JAX, *expected],
        cwd=pathlib.Path(__file__).parents[2],
        # Compiled once, run twice: not worth XLA's optimisations.
        env={
            **os.environ,
            "KERAS_BACKEND": "jax",
            "JAX_PLATFORMS": "cpu",
            "XLA_FLAGS": "--xla_backend_optimization_level=0",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    for file, values in expected.items():
        on_jax = np.load(file + "_jax.npz")
        for key, value in values.items():
            np.testing.assert_allclose(
                on_jax[key],
                value,
                rtol=1e-3,
                atol=1e-3,
                err_msg=f"{key} of {members[int(file[-1])]}",
            )
