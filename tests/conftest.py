"""Strict defaults for every test: one seed, float32, two logical CPUs, no leftover Keras state."""

import gc
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import settings

settings.register_profile("ann", max_examples=50, deadline=None, database=None, derandomize=True)
settings.load_profile("ann")

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)


gc.collect()
gc.freeze()  # what was imported is there to stay: no later collection needs to look at it


@pytest.fixture(autouse=True)
def _fresh_keras():
    # Python frees the networks of earlier tests in time: a collection before each costs minutes.
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy("float32")
    yield
    keras.config.set_dtype_policy("float32")


@pytest.fixture
def zero_kernels(monkeypatch):
    """Networks of which only the structure is read are built faster without random kernels."""
    zeros = lambda self, shape, dtype=None: keras.ops.zeros(shape, dtype)
    monkeypatch.setattr(keras.initializers.VarianceScaling, "__call__", zeros)


@pytest.fixture
def random():
    return np.random.default_rng(0)


@pytest.fixture
def dense_chain():
    """Makes a tiny chain without batch normalization: samples of a batch do not mix."""
    from ann.models import MultiExitModel

    def make(num_exits=3, width=4, num_classes=3):
        segments, heads = [], []
        for index in range(num_exits):
            inputs = keras.Input((width,))
            segments.append(
                keras.Model(
                    inputs,
                    keras.layers.Dense(width, activation="tanh")(inputs),
                    name=f"segment_{index}",
                )
            )
            inputs = keras.Input((width,))
            heads.append(
                keras.Model(inputs, keras.layers.Dense(num_classes)(inputs), name=f"head_{index}")
            )
        return MultiExitModel(segments, heads, (width,))

    return make


@pytest.fixture
def class_folders(tmp_path):
    """A folder of plain JPEGs, 16 high and 20 wide: 3 classes with 4 and 2 images each.

    All pixels of image number k of a split are 10 k.
    """
    for split, each in (("train", 4), ("val", 2)):
        for number in range(3 * each):
            path = tmp_path / split / "abc"[number // each] / f"{number:02d}.JPEG"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(
                tf.io.encode_jpeg(np.full((16, 20, 3), 10 * number, np.uint8), quality=100).numpy()
            )
    return tmp_path


@pytest.fixture(scope="session")
def two_replicas():
    """MirroredStrategy over the two logical CPUs."""
    from ann.training import strategy

    return strategy("mirrored", batch_size=2)
