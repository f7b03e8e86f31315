"""Targets: the floor of smoothed and mixed labels is taken off, distillation by hand."""

import keras
import numpy as np
import pytest

from ann.losses import AdaLoss, LossCombiner, Targets, exit_cross_entropies

LOG = np.log


def loss(targets, labels, logits):
    tensors = [keras.ops.convert_to_tensor(np.asarray(one, "float32")) for one in logits]
    return keras.ops.convert_to_numpy(targets.losses(np.asarray(labels), tensors))


@pytest.mark.parametrize(("num_classes", "floor"), [(10, 0.5003), (1000, 1.0148)])
def test_the_floor_of_smoothed_labels(num_classes, floor):
    assert Targets(label_smoothing=0.1).floor(num_classes) == pytest.approx(floor, abs=1e-4)
    assert Targets().floor(num_classes) == 0


def test_plain_labels_have_their_cross_entropy(random):
    logits = [random.normal(size=(4, 5)).astype("float32") for _ in range(2)]
    labels = np.array([0, 1, 4, 4])
    expected = exit_cross_entropies(labels, logits)
    np.testing.assert_array_equal(loss(Targets(), labels, logits), expected)
    np.testing.assert_allclose(loss(Targets(), np.eye(5)[labels], logits), expected, rtol=1e-6)


def test_smoothing_by_hand():
    # q = (0.9, 0.1) over 2 classes for s = 0.2; p = (1/2, 1/2): KL = ln 2 - H(q).
    entropy = -(0.9 * LOG(0.9) + 0.1 * LOG(0.1))
    found = loss(Targets(label_smoothing=0.2), [0], [[[0.0, 0.0]]])
    np.testing.assert_allclose(found, [[LOG(2) - entropy]], rtol=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_nothing_is_lost_where_the_answer_is_the_target(smoothing):
    mixed = np.array([[0.7, 0.3, 0.0]])
    target = (1 - smoothing) * mixed + smoothing / 3
    found = loss(Targets(label_smoothing=smoothing), mixed, [LOG(target + 1e-30)])
    np.testing.assert_allclose(found, 0, atol=1e-6)
    assert (found >= 0).all()


def test_smoothing_does_not_flatten_the_weights_of_adaloss():
    """Exits near a perfect answer, one ten times as far from it as the other: the cross-entropies
    are nearly equal, the weights are 1/10 and 1."""
    targets = Targets(label_smoothing=0.1)
    best = LOG([0.91] + [0.01] * 9)
    # Scaling the logits moves the answer away from the target: the loss grows as the square.
    logits = [[best * (1 + 0.1 * np.sqrt(10))], [best * 1.1]]
    above = loss(targets, [0], logits)[:, 0]
    assert above[0] / above[1] == pytest.approx(10, rel=0.35)
    cross_entropies = above + targets.floor(10)
    assert cross_entropies[0] / cross_entropies[1] < 1.1
    combiner = LossCombiner(AdaLoss(gamma=0), 2)
    combiner(above, training=True)
    np.testing.assert_allclose(combiner.exit_weights, [above[1] / above[0], 1], rtol=1e-4)
    # At the target itself, where a loss may be 0 or rounding, weights stay in 0..1.
    combiner = LossCombiner(AdaLoss(), 2)
    combiner(loss(targets, [0], [[best], [best]])[:, 0], training=True)
    weights = np.asarray(combiner.exit_weights)
    assert ((weights > 0) & (weights <= 1)).all()


def test_distillation_by_hand():
    # T = 2: the teacher's logits (2 ln 3, 0) give (3/4, 1/4), the pupil's (0, 0) give (1/2, 1/2).
    targets = Targets(distillation=0.25, temperature=2.0)
    found = loss(targets, [1], [[[0.0, 0.0]], [[2 * LOG(3), 0.0]]])
    divergence = 0.75 * LOG(1.5) + 0.25 * LOG(0.5)
    np.testing.assert_allclose(found[0], 0.75 * LOG(2) + 0.25 * 4 * divergence, rtol=1e-5)
    np.testing.assert_allclose(found[1], LOG(10), rtol=1e-5)  # p_last = (9/10, 1/10)


def test_no_gradient_flows_into_the_teacher():
    import tensorflow as tf

    logits = [tf.Variable([[0.0, 1.0]]), tf.Variable([[2.0, 0.0]])]
    with tf.GradientTape() as tape:
        first = Targets(distillation=1.0).losses(np.array([0]), logits)[0]
    pupil, teacher = tape.gradient(first, logits)
    assert np.abs(pupil).max() > 0.1
    assert teacher is None or not np.abs(teacher).any()


@pytest.mark.parametrize(
    "arguments",
    [{"label_smoothing": 1.0}, {"distillation": 1.1}, {"temperature": 0}, {"label_smoothing": -1}],
)
def test_arguments_out_of_range_are_refused(arguments):
    (name,) = arguments
    with pytest.raises(ValueError, match=f"{name} must be in"):
        Targets(**arguments)


def test_one_exit_has_nobody_to_teach(dense_chain):
    with pytest.raises(ValueError, match="an earlier exit to teach"):
        dense_chain(num_exits=1).compile(targets=Targets(distillation=0.5))


def test_evaluation_measures_the_plain_cross_entropy(dense_chain, random):
    x, y = random.normal(size=(8, 4)).astype("float32"), random.integers(0, 3, 8)
    model = dense_chain()
    model.compile(targets=Targets(label_smoothing=0.3, distillation=0.5))
    results = model.evaluate(x, y, verbose=0, return_dict=True)
    expected = np.mean(exit_cross_entropies(y, model(x)), axis=1).sum()
    assert results["loss"] == pytest.approx(expected, rel=1e-5)


def test_targets_are_saved_with_the_model(dense_chain, tmp_path):
    model = dense_chain()
    model.compile(targets=Targets(label_smoothing=0.1, distillation=0.5, temperature=4.0))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras").targets
    assert again.get_config() == model.targets.get_config()
