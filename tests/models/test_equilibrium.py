"""Gradient equilibrium (Li et al. 2019, section 3.1)."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ann import losses, models
from ann.layers import scale_gradient


def gradients(model, training_mode, x, exits):
    """Gradients of the segments' and the heads' kernels for the sum of the logits of some exits."""
    model.compile(training_mode=training_mode)
    kernels = [link.trainable_variables[0].value for link in (*model.segments, *model.heads)]
    with tf.GradientTape() as tape:
        logits = model(x, training=True)
        total = tf.add_n([tf.reduce_sum(logits[exit]) for exit in exits])
    return tape.gradient(total, kernels, unconnected_gradients="zero")


def test_each_segment_gets_its_share_of_each_exit(dense_chain, random):
    """3 exits: a segment's gradient from exit k is scaled by prod_{j<k} (n_j - 1) / n_j, over
    n_k, with n = 3, 2, 1: the first segment gets 1/3 of each exit, the second 1/2 of two, the last
    all of one. The heads get theirs whole."""
    model, x = dense_chain(), random.normal(size=(4, 4)).astype("float32")
    for exit in range(3):
        joint = gradients(model, "joint", x, [exit])
        balanced = gradients(model, "equilibrium", x, [exit])
        for segment in range(exit + 1):
            np.testing.assert_allclose(
                balanced[segment], joint[segment] / (3 - segment), rtol=1e-5, atol=1e-7
            )
        for head in range(3, 6):
            np.testing.assert_array_equal(balanced[head], joint[head])


def test_the_answers_do_not_change(random):
    model = models.build("resann-n1-c4")
    x = random.normal(size=(2, 32, 32, 3)).astype("float32")
    model.compile(training_mode="joint")
    expected = [np.asarray(one) for one in model(x)]
    model.compile(training_mode="equilibrium")
    for mine, theirs in zip(model(x), expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize(
    "options",
    [
        {"training_mode": "equilibrium"},
        {"targets": losses.Targets(distillation=0.3)},
        {"sampler": "aann"},
    ],
    ids=["equilibrium", "distillation", "sampler"],
)
def test_what_needs_several_exits_is_refused_with_opt(options, dense_chain):
    model = dense_chain()
    with pytest.raises(ValueError, match="opt trains one exit only. Received: "):
        model.compile(weighting="opt", **options)
    model.compile(weighting="const", **options)
    model.compile(weighting="opt", targets=losses.Targets(label_smoothing=0.1))


def test_one_exit_has_nothing_to_balance(dense_chain):
    with pytest.raises(ValueError, match="several exits; this model has one. Received: train"):
        dense_chain(num_exits=1).compile(weighting="const", training_mode="equilibrium")


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_values_are_the_same_to_the_last_bit(dtype, random):
    state = {"map": keras.ops.cast(random.normal(size=100), dtype), "index": keras.ops.arange(3)}
    scaled = scale_gradient(state, 26)
    assert scaled["index"] is state["index"]
    np.testing.assert_array_equal(*(keras.ops.cast(s["map"], "float32") for s in (scaled, state)))
