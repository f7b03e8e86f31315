"""Any Keras loss and metric at each exit; labels that do not fit are refused before a step."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ann import evaluation, losses
from ann.models import MultiExitModel
from ann.models.exit_losses import ExitLosses
from ann.models.exit_metrics import ExitMetrics

K = keras.losses
LOSSES = {  # loss, labels for 12 samples and 3 values
    "label smoothing": (
        K.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
        lambda random: np.eye(3, dtype="float32")[random.integers(0, 3, 12)],
    ),
    "focal": (
        K.CategoricalFocalCrossentropy(from_logits=True),
        lambda random: np.eye(3, dtype="float32")[random.integers(0, 3, 12)],
    ),
    "sparse": ("sparse_categorical_crossentropy", lambda random: random.integers(0, 3, 12)),
    "several classes": (
        "binary_crossentropy",
        lambda random: random.integers(0, 2, (12, 3)).astype("float32"),
    ),
    "regression": ("mse", lambda random: random.normal(size=(12, 3)).astype("float32")),
    "huber": (K.Huber(), lambda random: random.normal(size=(12, 3)).astype("float32")),
    "own": (
        keras.saving.register_keras_serializable("tests")(
            lambda y, logits: keras.ops.mean(keras.ops.abs(y - logits), axis=-1)
        ),
        lambda random: random.normal(size=(12, 3)).astype("float32"),
    ),
}


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("weighting", ["adaloss", "uncertainty"])
def test_a_loss_is_that_of_keras_at_every_exit(name, weighting, dense_chain, random, tmp_path):
    loss, labels = LOSSES[name]
    x, y = random.normal(size=(12, 4)).astype("float32"), labels(random)
    model = dense_chain()
    model.compile(optimizer=keras.optimizers.SGD(0.05), loss=loss, weighting=weighting)
    logs = model.evaluate(x, y, batch_size=4, verbose=0, return_dict=True)
    expected = K.get(loss) if isinstance(loss, str) else loss
    for index, logits in enumerate(model.predict(x, verbose=0)):
        extra = {"from_logits": True} if "crossentropy" in str(loss) else {}
        values = expected(y, logits, **extra) if isinstance(loss, str) else expected(y, logits)
        assert logs[f"exit_0{index}_loss"] == pytest.approx(float(np.mean(values)), rel=1e-4)
    history = model.fit(x, y, epochs=15, verbose=0).history
    assert history["exit_02_loss"][-1] < history["exit_02_loss"][0]
    if name == "own":
        return  # Keras saves functions under a name, which a lambda has not
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    again = loaded.evaluate(x, y, verbose=0, return_dict=True)
    assert again["exit_00_loss"] == pytest.approx(
        model.evaluate(x, y, verbose=0, return_dict=True)["exit_00_loss"], rel=1e-5
    )


def test_metrics_are_measured_at_every_exit(dense_chain, random):
    x = random.normal(size=(12, 4)).astype("float32")
    y = random.normal(size=(12, 3)).astype("float32")
    model = dense_chain()
    model.compile(loss="mse", metrics=["mae", keras.metrics.R2Score(name="r2")])
    logs = model.evaluate(x, y, batch_size=5, verbose=0, return_dict=True)
    assert "average_error" not in logs
    assert logs["average_loss"] == pytest.approx(
        np.mean([logs[f"exit_0{k}_loss"] for k in range(3)])
    )
    for index, logits in enumerate(model.predict(x, verbose=0)):
        assert logs[f"exit_0{index}_mae"] == pytest.approx(np.abs(y - logits).mean(), rel=1e-4)
    assert logs["exit_00_r2"] != logs["exit_02_r2"]
    assert set(logs) == set(model.metrics_names)
    curve = evaluation.anytime_curve(model, [(x[:5], y[:5]), (x[5:], y[5:])])
    assert list(curve) == ["exit", "macs", "fraction", "loss"]
    assert curve.loss.iloc[1] == pytest.approx(logs["exit_01_loss"], rel=1e-4)
    # Fresh at each epoch, and at each compile.
    assert model.evaluate(x, y, verbose=0, return_dict=True) == pytest.approx(logs)
    model.compile(metrics=["accuracy"])
    logs = model.evaluate(x, random.integers(0, 3, 12), verbose=0, return_dict=True)
    assert logs["exit_01_accuracy"] == pytest.approx(1 - logs["exit_01_error"] / 100)
    assert "exit_01_mae" not in logs


def test_sample_weights_are_as_in_keras(dense_chain, random):
    x, y = random.normal(size=(6, 4)).astype("float32"), random.normal(size=(6, 3))
    weights = np.array([0, 1, 2, 0, 1, 0.5], "float32")
    model = dense_chain()
    model.compile(loss="mse", weighting="const")
    total = model.total_loss(y.astype("float32"), model(x), weights, training=False)
    expected = [K.MeanSquaredError()(y, logits, sample_weight=weights) for logits in model(x)]
    np.testing.assert_allclose(total, np.sum(expected), rtol=1e-5)


def test_adaloss_weighs_by_the_loss_above_its_floor():
    # Label smoothing of 0.1 over 10 classes: 0.91 and nine times 0.01.
    smoothed = K.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    probabilities = np.array([0.91] + [0.01] * 9)
    floor = -(probabilities * np.log(probabilities)).sum()
    assert ExitLosses(smoothed, (None, 10)).floor == pytest.approx(floor, abs=1e-9)
    binary = K.BinaryCrossentropy(from_logits=True, label_smoothing=0.2)
    assert ExitLosses(binary, (None, 4)).floor == pytest.approx(
        -(0.9 * np.log(0.9) + 0.1 * np.log(0.1))
    )
    assert ExitLosses("mse", (None, 1)).floor == 0

    logits = 4.0 * np.eye(10, dtype="float32")
    exits = [logits, logits * 0.5]
    segment = keras.layers.Identity()
    heads = [keras.layers.Rescaling(1.0), keras.layers.Rescaling(0.5)]
    model = MultiExitModel([segment, keras.layers.Identity()], heads, (10,))
    model.compile(loss=smoothed, weighting=losses.AdaLoss(gamma=0.0))
    labels = np.eye(10, dtype="float32")
    total = float(model.total_loss(labels, exits, training=True))
    values = np.array([float(smoothed(labels, one)) for one in exits])
    weights = (values - floor).min() / (values - floor)
    np.testing.assert_allclose(model.loss_combiner.exit_weights, weights, rtol=1e-4)
    assert total == pytest.approx((weights * values).sum(), rel=1e-4)
    # Unsubtracted, they would be flatter.
    assert weights.min() < 0.9 * (values.min() / values).min()


def test_a_loss_of_ones_own_tells_its_floor():
    class Shifted(K.Loss):
        floor = 2.0

        def call(self, y_true, y_pred):
            return 2.0 + keras.ops.mean((y_true - y_pred) ** 2, axis=-1)

    assert ExitLosses(Shifted(), (None, 3)).floor == 2.0


@pytest.mark.parametrize(
    ("loss", "labels", "message"),
    [
        (None, np.zeros(4, "float32"), "class indices, which are integers .* loss='mse'"),
        (None, np.zeros((4, 2), "int32"), r"class indices \(batch\) or one-hot \(batch, 3\)"),
        (None, np.ones((4, 3), "float32"), "several classes .* rows that sum to 3.0 to 3.0"),
        (None, np.arange(4), r"must be in 0..2. Received: 1 labels outside, the first is 3$"),
        (None, np.arange(4) - 1, r"must be in 0..2. Received: 1 labels outside, the first is -1$"),
        ("mse", np.zeros(4, "float32"), r"of the shape of the logits, \(batch, 3\)"),
        ("binary_crossentropy", np.zeros((4, 2)), r"shape of the logits.*labels.shape=\(None, 2\)"),
        ("categorical_crossentropy", np.zeros(4, "int32"), "shape of the logits"),
        ("sparse_categorical_crossentropy", np.zeros((4, 3)), "class indices"),
    ],
)
def test_labels_that_do_not_fit_are_refused_before_a_step(loss, labels, message, dense_chain):
    model = dense_chain()
    model.compile(optimizer="sgd", loss=loss)
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        model.fit(np.zeros((4, 4), "float32"), labels, verbose=0)
    for mine, theirs in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_labels_for_each_exit_are_refused(dense_chain):
    model = dense_chain()
    model.compile(optimizer="sgd", weighting="const")
    labels = np.zeros(4, "int32")
    with pytest.raises(ValueError, match="give one array of them. Received: a tuple of 3"):
        model.fit(np.zeros((4, 4), "float32"), [labels] * 3, verbose=0)


def test_a_label_outside_the_classes_in_a_stream_is_told_in_a_sentence(dense_chain):
    model = dense_chain()
    model.compile(optimizer="sgd")
    stream = tf.data.Dataset.from_tensors((np.zeros((4, 4), "float32"), np.arange(4)))
    with pytest.raises(ValueError, match=r"^labels must be in 0..2. Received: a label 3$"):
        model.fit(stream, shuffle=False, verbose=0)


def test_labels_of_several_classes_in_a_stream_are_not_silent(dense_chain):
    model = dense_chain()
    model.compile(optimizer="sgd")
    loss = model.compute_loss(None, np.ones((2, 3), "float32"), model(np.zeros((2, 4), "float32")))
    assert np.isnan(float(loss))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss": K.SparseCategoricalCrossentropy()}, "must have from_logits=True"),
        ({"loss": 3}, "name, a function or a Keras loss. Received: loss=3"),
        ({"loss": "crossentropie"}, "crossentropie"),
        ({"metrics": [keras.metrics.BinaryAccuracy()]}, "threshold=0.0 is a probability of one"),
        ({"metrics": [keras.metrics.CategoricalCrossentropy()]}, "metric must have from_logits"),
        ({"metrics": [keras.metrics.Precision()]}, "thresholds=0.0 is a probability of one half"),
        ({"metrics": [keras.metrics.F1Score(threshold=0.5)]}, "this metric reads probabilities"),
        ({"metrics": [keras.metrics.PrecisionAtRecall(0.5)]}, "this metric reads probabilities"),
        ({"metrics": [keras.metrics.binary_accuracy]}, "as an object, whose threshold can be set"),
        ({"loss": "dice"}, "this loss reads probabilities: give a function such as lambda y, log"),
        ({"loss": K.KLDivergence()}, "this loss reads probabilities"),
        ({"loss": K.CategoricalCrossentropy}, "must have from_logits=True"),
        ({"loss_weights": [1]}, "weighted by `weighting`.*Received: loss_weights"),
    ],
)
def test_what_cannot_be_compiled_is_refused(arguments, message, dense_chain):
    with pytest.raises(ValueError, match=message):
        dense_chain().compile(**arguments)


@pytest.mark.parametrize("loss", [K.binary_crossentropy, "BinaryCrossentropy", "bce"])
def test_losses_of_keras_by_function_or_class_name_read_logits(loss):
    labels, logits = np.array([[0.0, 1.0]], "float32"), np.array([[3.0, -2.0]], "float32")
    found = ExitLosses(loss, (None, 2)).per_answer(labels, [logits])
    expected = K.binary_crossentropy(labels, logits, from_logits=True)
    np.testing.assert_allclose(found[0], expected, rtol=1e-6)


def test_metrics_by_name_read_logits():
    names = ["auc", "binary_accuracy", "precision"]
    labels = np.array([[1, 0], [1, 1]], "float32")
    logits = np.array([[0.2, -0.3], [-0.1, 0.4]], "float32")
    metrics = ExitMetrics(["exit_00"], ExitLosses("binary_crossentropy", (None, 2)), names)
    metrics.update(labels, [logits])
    found = metrics.result()
    assert [float(found[f"exit_00_{name}"]) for name in names[1:]] == [0.75, 1.0]
    expected = keras.metrics.AUC(from_logits=True)
    expected.update_state(labels, logits)
    assert float(found["exit_00_auc"]) == pytest.approx(float(expected.result()))


@pytest.mark.parametrize(
    "metric",
    [
        keras.metrics.AUC(from_logits=True, thresholds=[0.4, 0.5]),
        keras.metrics.Precision(thresholds=0),
        keras.metrics.Precision(top_k=1),
        keras.metrics.F1Score(),
        keras.metrics.TopKCategoricalAccuracy(k=1),
    ],
)
def test_metrics_of_logits_are_taken(metric, dense_chain):
    model = dense_chain()
    model.compile(loss="categorical_crossentropy", metrics=[metric])
    assert len(model.anytime_metric.of_exit) == 3


def test_one_class_is_refused_where_classes_are_wanted(dense_chain):
    model = dense_chain(num_classes=1)
    with pytest.raises(ValueError, match="loss='binary_crossentropy'"):
        model.compile()
    model.compile(loss="binary_crossentropy", metrics=["accuracy"])
    history = model.fit(np.zeros((4, 4)), np.array([0, 1, 1, 1]), verbose=0).history
    assert "exit_00_accuracy" in history


def per_position():
    segments, heads = [], []
    for index in range(2):
        inputs = keras.Input((5, 4))
        outputs = keras.layers.Dense(4, activation="tanh")(inputs)
        segments.append(keras.Model(inputs, outputs, name=f"segment_{index}"))
        inputs = keras.Input((5, 4))
        heads.append(keras.Model(inputs, keras.layers.Dense(3)(inputs), name=f"head_{index}"))
    return MultiExitModel(segments, heads, (5, 4))


@pytest.mark.parametrize("one_hot", [False, True])
def test_exits_for_each_position(one_hot, random):
    model = per_position()
    assert model.logits_shape == (None, 5, 3)
    x, y = random.normal(size=(6, 5, 4)).astype("float32"), random.integers(0, 3, (6, 5))
    labels = np.eye(3, dtype="float32")[y] if one_hot else y
    weights = np.ones((6, 5), "float32")
    weights[:, 3:] = 0  # padding
    model.compile(optimizer=keras.optimizers.SGD(0.3), weighting="adaloss")
    logs = model.evaluate(x, labels, verbose=0, return_dict=True)
    logits = model.predict(x, verbose=0)
    for index, one in enumerate(logits):
        of_keras = K.SparseCategoricalCrossentropy(from_logits=True)(y, one)
        assert logs[f"exit_0{index}_loss"] == pytest.approx(float(of_keras), rel=1e-4)
        error = 100 * np.mean(one.argmax(-1) != y)
        assert logs[f"exit_0{index}_error"] == pytest.approx(error, rel=1e-4)
    padded = model.evaluate(x, labels, sample_weight=weights, verbose=0, return_dict=True)
    shorter = 100 * np.mean(logits[1][:, :3].argmax(-1) != y[:, :3])
    assert padded["exit_01_error"] == pytest.approx(shorter, rel=1e-4)
    history = model.fit(x, labels, sample_weight=weights, epochs=10, verbose=0).history
    assert history["exit_01_loss"][-1] < history["exit_01_loss"][0]
    curve = evaluation.anytime_curve(model, [(x, y)])
    logs = model.evaluate(x, labels, verbose=0, return_dict=True)
    assert curve.error_top1.iloc[-1] == pytest.approx(logs["final_error"], rel=1e-4)
    assert curve.macs.tolist() == [5 * 16 + 5 * 12, 2 * (5 * 16 + 5 * 12)]
    with pytest.raises(ValueError, match=r"class indices \(batch, 5\) or one-hot \(batch, 5, 3\)"):
        model.fit(x, y[:, 0], verbose=0)


def test_what_was_frozen_stays_frozen(dense_chain, random, tmp_path):
    model = dense_chain()
    model.segments[0].layers[1].trainable = False
    data = random.normal(size=(6, 4)), random.integers(0, 3, 6)
    frozen = model.segments[0].get_weights()[0]
    first = model.segments[1].get_weights()[0]
    model.compile(optimizer=keras.optimizers.SGD(0.1), training_mode="heads")
    model.fit(*data, verbose=0)
    np.testing.assert_array_equal(model.segments[1].get_weights()[0], first)
    model.save(tmp_path / "model.keras")
    for one in (model, keras.saving.load_model(tmp_path / "model.keras")):
        one.compile(optimizer=keras.optimizers.SGD(0.1))
        one.fit(*data, verbose=0)
        np.testing.assert_array_equal(one.segments[0].get_weights()[0], frozen)
        assert np.abs(one.segments[1].get_weights()[0] - first).max() > 0
