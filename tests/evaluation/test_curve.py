import keras
import numpy as np
import pandas as pd
import pytest

from ann import costs, data, evaluation, models


def curve(fractions, errors):
    return pd.DataFrame({"fraction": fractions, "error_top1": errors})


def test_curve_agrees_with_keras_and_with_direct_computation(random):
    model = models.build("resann-n1-c4", input_shape=(8, 8, 3))
    model.compile(weighting="const")
    batches = data.evaluation_batches(data.load("synthetic"), 100)
    measured = evaluation.anytime_curve(model, batches)
    reported = model.evaluate(batches, verbose=0, return_dict=True)
    for index, name in enumerate(model.exit_names):
        assert measured.loss[index] == pytest.approx(reported[f"{name}_loss"], rel=1e-5)
        assert measured.error_top1[index] == pytest.approx(reported[f"{name}_error"], rel=1e-5)
    logits = model.predict(batches, verbose=0)[1]
    labels = np.concatenate([y.numpy() for _, y in batches])
    top5 = np.argsort(-logits, axis=1)[:, :5]
    assert measured.error_top5[1] == pytest.approx(
        100 * np.mean((top5 != labels[:, None]).all(axis=1))
    )
    assert measured.macs.tolist() == costs.profile(model).macs_incremental.tolist()
    lazy = evaluation.anytime_curve(model, batches, lazy_heads=True)
    assert lazy.macs.tolist() == costs.profile(model).macs_lazy.tolist()
    assert lazy.error_top1.tolist() == measured.error_top1.tolist()
    assert measured.fraction.iloc[-1] == 1
    assert evaluation.average_error(measured) == pytest.approx(reported["average_error"], rel=1e-5)


def test_an_empty_data_set_is_refused():
    with pytest.raises(ValueError, match="empty"):
        evaluation.anytime_curve(models.build("resann-n1-c2"), [])


def test_a_model_without_exits_is_refused():
    plain = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)], name="plain")
    for measure in (lambda: evaluation.anytime_curve(plain, []), lambda: costs.profile(plain)):
        with pytest.raises(ValueError, match="attach_exits makes one .* Received: Sequential 'pl"):
            measure()


def test_milestones_by_hand():
    measured = curve([0.2, 0.4, 0.8, 1.0], [50.0, 30.0, 20.0, 18.0])
    assert evaluation.milestones(measured).tolist() == pytest.approx([45, 27.5, 21.25, 18])
    assert evaluation.milestones(measured, rule="latest").tolist() == [50, 30, 30, 18]
    assert evaluation.milestones(measured).index.tolist() == [0.25, 0.5, 0.75, 1]


def test_an_exit_exactly_at_the_milestone_counts():
    measured = curve([0.25, 0.5, 0.75, 1], [4, 3, 2, 1])
    assert evaluation.milestones(measured, rule="latest").tolist() == [4, 3, 2, 1]


def test_there_is_no_answer_before_the_first_exit():
    # The first exit of DenseANN169 costs 46 % of the network (author_code.md section 4).
    for rule in ("interpolate", "latest"):
        values = evaluation.milestones(curve([0.46, 1.0], [48.0, 24.0]), rule)
        assert np.isnan(values[0.25])
        assert values[1.0] == 24


def test_unknown_rules_are_refused():
    with pytest.raises(ValueError, match="Received: rule='nearest'"):
        evaluation.milestones(curve([1.0], [1.0]), rule="nearest")


def test_arrays_and_one_hot_labels_give_the_same_curve(dense_chain, random):
    model = dense_chain()
    x, y = random.normal(size=(150, 4)).astype("float32"), random.integers(0, 3, 150)
    expected = evaluation.anytime_curve(model, [(x, y)])
    for dataset in ((x, y), (x, np.eye(3)[y]), [(x[:80], np.eye(3)[y[:80]]), (x[80:], y[80:])]):
        pd.testing.assert_frame_equal(evaluation.anytime_curve(model, dataset), expected)


def test_open_sizes_and_one_hot_positions(random):
    image = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="first")(image)
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    plain = keras.Model(image, keras.layers.Conv2D(3, 1)(x))
    model = models.attach_exits(plain, at="first", num_classes=3)
    x, y = random.normal(size=(2, 4, 4, 3)).astype("float32"), random.integers(0, 3, (2, 4, 4))

    def unread():
        raise AssertionError("costs come first")
        yield

    with pytest.raises(ValueError, match="sizes must be fixed"):
        evaluation.anytime_curve(model, unread())
    found = evaluation.anytime_curve(model, (x, y), input_shape=(4, 4, 3))
    assert found.macs.tolist() == [16 * (27 + 3) * 4, 16 * (27 + 3 + 36 + 3) * 4]
    one_hot = evaluation.anytime_curve(model, (x, np.eye(3)[y]), input_shape=(4, 4, 3))
    pd.testing.assert_frame_equal(one_hot, found)
