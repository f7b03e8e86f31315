import numpy as np
import pytest

from ann.layers import MeanProbabilities


def test_three_classifiers_by_hand():
    probabilities = np.array([[[0.8, 0.2]], [[0.5, 0.5]], [[0.2, 0.8]]])
    # Adding the same number to all logits does not change the probabilities.
    logits = np.log(probabilities) + np.reshape([0, 3, -7], (3, 1, 1))
    average = MeanProbabilities(2)([logits[0], logits[1]])
    np.testing.assert_allclose(np.exp(average), [[0.65, 0.35]], rtol=1e-6)
    average = MeanProbabilities(3)([average, logits[2]])
    np.testing.assert_allclose(np.exp(average), [[0.5, 0.5]], rtol=1e-6)


def test_an_average_of_a_single_classifier_is_refused():
    with pytest.raises(ValueError, match="Received: count=1"):
        MeanProbabilities(1)
