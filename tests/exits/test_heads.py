import keras
import numpy as np
import pytest

from ann.exits import linear_head


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_logits_are_float32(policy):
    keras.config.set_dtype_policy(policy)
    head = linear_head(keras.Input((4, 4, 6)), 10, name="head")
    logits = head(np.ones((2, 4, 4, 6), "float32"))
    assert logits.shape == (2, 10)
    assert keras.backend.standardize_dtype(logits.dtype) == "float32"


def test_preset_without_normalisation_has_only_the_linear_layer():
    assert [
        w.name
        for w in linear_head(keras.Input((4, 4, 6)), 10, name="head", normalize=False).weights
    ] == ["kernel", "bias"]


def test_value_by_hand(random):
    head = linear_head(keras.Input((2, 2, 3)), 2, name="head", normalize=False)
    x = random.normal(size=(1, 2, 2, 3)).astype("float32")
    kernel, bias = head.get_weights()
    expected = np.maximum(x, 0).mean(axis=(1, 2)) @ kernel + bias
    np.testing.assert_allclose(head(x), expected, atol=1e-6)
