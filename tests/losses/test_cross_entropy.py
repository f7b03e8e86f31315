import numpy as np
import pytest

from ann.losses import exit_cross_entropies
from ann.losses.cross_entropy import wrong_predictions

LOGITS = [
    np.log(np.array([[0.5, 0.25, 0.25], [0.2, 0.2, 0.6]], "float32")),
    np.zeros((2, 3), "float32"),
]


@pytest.mark.parametrize(
    "labels", [np.array([0, 1]), np.array([[0], [1]]), np.array([[1.0, 0, 0], [0, 1, 0]])]
)
def test_sparse_and_one_hot_labels_by_hand(labels):
    expected = [[np.log(2), np.log(5)], [np.log(3), np.log(3)]]
    np.testing.assert_allclose(exit_cross_entropies(labels, LOGITS), expected, rtol=1e-5)
    np.testing.assert_array_equal(wrong_predictions(labels, LOGITS), [[0, 1], [0, 1]])


def test_labels_that_are_neither_are_refused():
    with pytest.raises(ValueError, match=r"labels.shape=\(2, 4\)"):
        exit_cross_entropies(np.zeros((2, 4)), LOGITS)


@pytest.mark.parametrize("label", [3, -1])
def test_labels_outside_the_classes_do_not_pass(label):
    import tensorflow as tf

    with pytest.raises(tf.errors.InvalidArgumentError, match="label"):
        exit_cross_entropies(np.array([0, label]), LOGITS)
