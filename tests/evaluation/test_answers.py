import numpy as np
import pytest

from ann import data, evaluation, models
from ann.evaluation.answers import correct


def test_arrays_contain_the_answers_of_the_model():
    model = models.build("resann-n1-c2", input_shape=(8, 8, 3))
    model.compile(weighting="const")
    batches = data.evaluation_batches(data.load("synthetic"), 100)
    logits, labels = evaluation.logits_and_labels(model, batches)
    np.testing.assert_allclose(logits, model.predict(batches, verbose=0), rtol=1e-4, atol=1e-5)
    curve = evaluation.anytime_curve(model, batches)
    np.testing.assert_allclose(100 * (1 - correct(logits, labels).mean(axis=1)), curve.error_top1)
    with pytest.raises(ValueError, match="empty"):
        evaluation.logits_and_labels(model, [])


@pytest.mark.parametrize(("shape", "count"), [((2, 3, 4), 4), ((3, 4), 3), ((2, 0, 4), 0)])
def test_shapes_that_do_not_fit_are_refused(shape, count):
    for measure in (
        evaluation.violations,
        evaluation.overthinking_rate,
        evaluation.calibration_error,
        evaluation.fit_temperatures,
    ):
        with pytest.raises(ValueError, match="Received: logits of"):
            measure(np.zeros(shape), np.zeros(count, int))
