"""What the flags of the runtime change, and what they leave as it is: in numbers."""

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from ann.models import MultiExitModel
from ann.runs.config import RunConfig
from ann.runs.train import train
from ann.training import Checkpoints, state_file

FIELDS = {
    "dataset": "synthetic",
    "batch_size": 32,
    "epochs": 1,
    "learning_rate": 0.02,
    "augment": False,
}


def run(folder, build_model=None, **fields):
    """The log of a run, and its state after the last step, by name."""
    options = {} if build_model is None else {"build_model": build_model}
    train(RunConfig.from_fields(FIELDS | fields), folder, verbose=0, **options)
    log = pd.read_csv(folder / "epochs.csv")
    _, arrays = state_file.read(Checkpoints(folder / "checkpoints").newest_first()[0])
    arrays = [(name, one) for name, one in arrays if not name.startswith("replicas/")]
    return log.drop(columns=["seconds", "images_per_second", "learning_rate"]), arrays


def assert_close(mine, theirs, only=None, **tolerance):
    """Equal logs and states; `only` the arrays of this kind."""
    (log, arrays), (expected_log, expected) = mine, theirs
    if only is None:
        np.testing.assert_allclose(log, expected_log, **tolerance)
    of_kind = lambda pairs: [(name, one) for name, one in pairs if name.startswith(only or "")]
    for (name, one), (_, other) in zip(of_kind(arrays), of_kind(expected), strict=True):
        np.testing.assert_allclose(one, other, **tolerance, err_msg=name)


def without_batch_norm(config, num_classes, image_shape):
    import keras

    del config
    flat, between = keras.Input(image_shape), keras.Input((8,))
    segments = [
        keras.Model(flat, keras.layers.Dense(8, "tanh")(keras.layers.Flatten()(flat))),
        keras.Model(between, keras.layers.Dense(8, "tanh")(between)),
    ]
    heads = [
        keras.Sequential([keras.Input((8,)), keras.layers.Dense(num_classes)]) for _ in range(2)
    ]
    return MultiExitModel(segments, heads, image_shape)


def with_batch_norm(config, num_classes, image_shape):
    import keras

    from ann.layers import BatchNormalization

    del config
    maps = keras.Input(image_shape)
    normalized = BatchNormalization()(keras.layers.Conv2D(4, 3, strides=2)(maps))
    between = keras.Input(normalized.shape[1:])
    segments = [
        keras.Model(maps, normalized),
        keras.Model(between, BatchNormalization()(keras.layers.ReLU()(between))),
    ]
    heads = [
        keras.Sequential(
            [
                keras.Input(between.shape[1:]),
                keras.layers.Flatten(),
                keras.layers.Dense(num_classes),
            ]
        )
        for _ in segments
    ]
    return MultiExitModel(segments, heads, image_shape)


def test_replicas_with_synchronized_batch_norm_equal_one_device(tmp_path):
    shared = {"build_model": with_batch_norm, "sampler": "exp3"}
    mirrored = {"strategy": "mirrored", "virtual_devices": 2, **shared}
    together = run(tmp_path / "together", sync_batch_norm=True, **mirrored)
    alone = run(tmp_path / "alone", **shared)
    assert_close(together, alone, rtol=1e-3, atol=1e-4)
    apart = run(tmp_path / "apart", **mirrored)
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        assert_close(apart, alone, rtol=1e-3, atol=1e-4)


def test_accumulated_gradients_are_those_of_the_larger_batch(tmp_path):
    shared = {"build_model": without_batch_norm, "weighting": "linear"}
    parts = run(tmp_path / "parts", batch_size=16, accumulate_steps=4, **shared)
    whole = run(tmp_path / "whole", batch_size=64, **shared)
    assert_close(parts, whole, only="model/", rtol=1e-5, atol=1e-6)


def test_rematerialization_is_refused_for_random_segments():
    with pytest.raises(ValueError, match="computes a segment twice.*drop_path=0.1"):
        RunConfig.from_fields({"remat": True, "drop_path": 0.1})


def test_xla_and_rematerialization_compute_the_same(tmp_path):
    plain = run(tmp_path / "plain", build_model=without_batch_norm)
    for flag in ("jit_compile", "remat"):
        changed = run(tmp_path / flag, build_model=without_batch_norm, **{flag: True})
        assert_close(changed, plain, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("field", [{"jit_compile": True}, {"accumulate_steps": 2}])
def test_what_replicas_cannot_do_is_refused(field):
    with pytest.raises(ValueError, match="one.device.*Received:.*strategy='mirrored'"):
        RunConfig.from_fields(field | {"strategy": "mirrored"})


def test_deterministic_runs_have_the_same_bits(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(tf.config.experimental, "enable_op_determinism", lambda: asked.append(True))
    run(tmp_path / "run", build_model=without_batch_norm, deterministic=True)
    assert asked == [True]
