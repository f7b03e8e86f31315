"""Several tasks of one Keras model: its losses, balanced by a scheme; mistakes are refused."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ann import losses, models

LOSS = {
    "digit": "sparse_categorical_crossentropy",
    "half": "binary_crossentropy",
    "ink": "mse",
}
BALANCING = [
    name
    for name, scheme in losses.schemes().items()
    if name == "const" or not issubclass(scheme, losses.StaticScheme)
]


def plain(*, as_list=False):
    """Logits of three classes, a probability, and a value, over one shared layer."""
    inputs = keras.Input((4,))
    x = keras.layers.Dense(4, activation="tanh", name="shared")(inputs)
    digit = keras.layers.Dense(3, name="digit")(x)
    half = keras.layers.Dense(1, activation="sigmoid", name="half")(x)
    ink = keras.layers.Dense(1, name="ink")(x)
    outputs = {"digit": digit, "half": half, "ink": ink}
    return keras.Model(inputs, list(outputs.values()) if as_list else outputs)


@pytest.fixture
def data(random):
    x = random.normal(size=(12, 4)).astype("float32")
    y = {
        "digit": random.integers(0, 3, 12),
        "half": random.integers(0, 2, 12),
        "ink": 10 * random.normal(size=12).astype("float32"),
    }
    return x, y


@pytest.mark.parametrize("as_list", [False, True])
def test_losses_and_metrics_are_those_of_keras(as_list, data):
    x, y = data
    network = plain(as_list=as_list)
    model = models.MultiTaskModel(network)
    metrics = {"digit": "accuracy", "half": ["accuracy"], "ink": keras.metrics.MeanAbsoluteError()}
    model.compile("sgd", loss=LOSS, metrics=metrics)
    of_keras = {
        "digit": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "half": keras.losses.BinaryCrossentropy(),
        "ink": keras.losses.MeanSquaredError(),
    }
    labels = list(y.values()) if as_list else y
    found = model.evaluate(x, labels, batch_size=6, verbose=0, return_dict=True)
    network.compile("sgd", loss=of_keras, metrics=metrics)
    expected = network.evaluate(x, labels, batch_size=6, verbose=0, return_dict=True)
    assert found == pytest.approx(expected, rel=1e-5)
    assert set(model.predict(x, verbose=0)) == set(LOSS)


@pytest.mark.parametrize("weighting", BALANCING)
def test_every_scheme_balances_and_its_state_is_saved(weighting, data, tmp_path):
    x, y = data
    model = models.MultiTaskModel(plain())
    model.compile(keras.optimizers.SGD(0.001), loss=LOSS, weighting=weighting)
    fit = {"batch_size": 6, "shuffle": False, "verbose": 0}
    first = model.fit(x, y, epochs=3, **fit).history["loss"]
    assert np.isfinite(first).all()
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.task_weights == model.task_weights
    again, expected = loaded.fit(x, y, **fit).history, model.fit(x, y, **fit).history
    assert again["loss"] == pytest.approx(expected["loss"], rel=1e-6)
    assert loaded.task_weights == pytest.approx(model.task_weights, rel=1e-6)


def test_adaloss_weighs_by_inverse_losses_above_their_floor(data):
    x, y = data
    model = models.MultiTaskModel(plain())
    smoothed = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    y = y | {"digit": np.eye(3, dtype="float32")[y["digit"]]}
    model.compile("sgd", loss=LOSS | {"digit": smoothed}, weighting=losses.AdaLoss(gamma=0.0))
    answers = model(x)
    total = float(model.total_loss(y, answers, training=True))
    values = np.array(
        [
            float(smoothed(y["digit"], answers["digit"])),
            float(keras.losses.BinaryCrossentropy()(y["half"], answers["half"][:, 0])),
            float(keras.losses.MeanSquaredError()(y["ink"], answers["ink"][:, 0])),
        ]
    )
    smooth = np.array([0.9 + 0.1 / 3, 0.1 / 3, 0.1 / 3])
    above = values - [-(smooth * np.log(smooth)).sum(), 0, 0]
    weights = above.min() / above
    assert list(model.task_weights.values()) == pytest.approx(weights.tolist(), rel=1e-4)
    assert total == pytest.approx(float((weights * values).sum()), rel=1e-4)


def test_adaloss_by_name_does_not_depend_on_the_scale_of_a_loss(data):
    x, y = data
    answers, totals = models.MultiTaskModel(plain())(x), {}
    for weighting in ("adaloss", losses.AdaLoss()):
        for scale in (1.0, 400.0):
            model = models.MultiTaskModel(plain())
            scaled = lambda y, p, scale=scale: scale * keras.losses.mean_squared_error(y, p)
            loss = LOSS | {"ink": scaled}
            model.compile("sgd", loss=loss, weighting=weighting)
            labels = y | {"ink": y["ink"][:, None]}
            total = float(model.total_loss(labels, answers, training=True))
            smallest = min(map(float, model.losses_to_balance(labels, answers)))
            totals[type(weighting), scale] = total / smallest
    # Each task has the share of the smallest loss; with gamma=0.05 the large loss has nearly all.
    assert totals[str, 1.0] == pytest.approx(3, rel=1e-5)
    assert totals[str, 400.0] == pytest.approx(3, rel=1e-5)
    assert totals[losses.AdaLoss, 400.0] > 100


def test_gradient_norms_are_taken_for_the_weights_that_all_tasks_share(data):
    x, y = data
    model = models.MultiTaskModel(plain())
    model.compile(keras.optimizers.SGD(0.0), loss=LOSS, weighting="adaloss_first_order")
    shared = [variable.value for variable in model.keras_model.get_layer("shared").weights]
    norms = []
    for name in LOSS:
        with tf.GradientTape() as tape:
            index = list(LOSS).index(name)
            loss = model.losses_to_balance(y, model(x))[index]
        norms.append(tf.linalg.global_norm(tape.gradient(loss, shared)).numpy())
    model.fit(x, y, batch_size=12, verbose=0)
    expected = min(norms) / np.array(norms)
    assert list(model.task_weights.values()) == pytest.approx(expected.tolist(), rel=1e-4)


def test_gradnorm_refuses_tasks_that_share_nothing(data):
    x, y = data
    inputs = keras.Input((4,))
    outputs = {name: keras.layers.Dense(3 if name == "digit" else 1)(inputs) for name in LOSS}
    model = models.MultiTaskModel(keras.Model(inputs, outputs))
    model.compile("sgd", loss=LOSS, weighting="gradnorm")
    with pytest.raises(ValueError, match="all losses depend on, and there are none"):
        model.fit(x, y, verbose=0)


def test_sample_weights_leave_labels_of_one_task_out(data):
    x, y = data
    weights = {name: np.ones(12, "float32") for name in LOSS}
    weights["ink"][6:] = 0
    model = models.MultiTaskModel(plain())
    model.compile("sgd", loss=LOSS, metrics={"ink": "mae"})
    logs = model.evaluate(x, y, sample_weight=weights, verbose=0, return_dict=True)
    half = {name: labels[:6] for name, labels in y.items()}
    of_half = model.evaluate(x[:6], half, verbose=0, return_dict=True)
    assert logs["ink_loss"] == pytest.approx(of_half["ink_loss"])
    assert logs["ink_mae"] == pytest.approx(of_half["ink_mae"])
    assert logs["digit_loss"] != pytest.approx(of_half["digit_loss"])


def test_two_replicas_train_as_one_device(two_replicas, data):
    x, y = data

    def trained():
        keras.utils.set_random_seed(1)
        model = models.MultiTaskModel(plain())
        model.compile(keras.optimizers.SGD(0.01), loss=LOSS, weighting="adaloss")
        batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(6)
        logs = model.fit(batches, epochs=2, shuffle=False, verbose=0).history
        return logs, model.get_weights()

    logs, weights = trained()
    with two_replicas.scope():
        logs_of_two, weights_of_two = trained()
    assert logs_of_two["loss"] == pytest.approx(logs["loss"], rel=1e-5)
    for one, two in zip(weights, weights_of_two, strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_trains_in_float32_losses(policy, data, tmp_path):
    x, y = data
    keras.config.set_dtype_policy(policy)
    model = models.MultiTaskModel(plain())
    model.compile("adam", loss=LOSS, weighting="adaloss")
    history = model.fit(x, y, epochs=5, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert {answer.dtype for answer in model(x).values()} == {tf.float32}
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.task_weights == model.task_weights


OTHER = keras.losses.SparseCategoricalCrossentropy()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss": {"digit": "mse"}}, "an entry for each output.*none for .'half', 'ink'."),
        ({"loss": "mse"}, "an entry for each output, by name.*Received: loss=mse"),
        ({"loss": LOSS | {"dgit": "mse"}}, "Did you mean 'digit'"),
        ({"loss": LOSS | {"half": None}}, "each output needs a loss.*None for 'half'"),
        ({"loss": LOSS | {"digit": OTHER}}, "'digit' gives logits: .* from_logits=True"),
        (
            {"loss": LOSS | {"half": keras.losses.BinaryCrossentropy(from_logits=True)}},
            "'half' gives probabilities: .* from_logits=False",
        ),
        ({"metrics": {"digt": "accuracy"}}, "names in metrics must be one of digit, half, ink"),
        ({"weighting": "sieve"}, "no depth to be weighted by.*'adaloss'.*weighting=Sieve"),
        ({"weighting": "adalos"}, "Did you mean 'adaloss'"),
        ({"loss_weights": [1, 1, 1]}, "weighted by `weighting`.*Received: loss_weights"),
    ],
)
def test_what_cannot_be_compiled_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        models.MultiTaskModel(plain()).compile(**{"loss": LOSS, **arguments})


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"ink": None}, "y must have an entry for each output.*none for .'ink'."),
        ({"other": np.zeros(12)}, "names in y must be one of digit, half, ink"),
        ({"digit": np.zeros(12)}, "output 'digit' must be class indices"),
        (
            {"half": np.zeros((12, 2))},
            r"output 'half' must be of the shape of the output, \(batch, 1",
        ),
    ],
)
def test_labels_that_do_not_fit_are_refused_before_a_step(labels, message, data):
    x, y = data
    y = {name: value for name, value in (y | labels).items() if value is not None}
    model = models.MultiTaskModel(plain())
    model.compile("sgd", loss=LOSS)
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        model.fit(x, y, verbose=0)
    for mine, theirs in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def several(kind):
    inputs, dense = keras.Input((4,)), keras.layers.Dense(2)
    return {
        "one output": lambda: keras.Model(inputs, dense(inputs)),
        "no model": lambda: 3,
        "one name": lambda: keras.Model(inputs, [dense(inputs), dense(inputs)]),
        "nested": lambda: keras.Model(inputs, {"a": dense(inputs), "b": [dense(inputs)] * 2}),
        "no axis": lambda: keras.Model(inputs, {"a": dense(inputs), "b": dense(inputs)[:, 0]}),
    }[kind]()


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("one output", "two or more outputs.*Received: Functional .* of 1 outputs"),
        ("no model", "Received: int 3"),
        ("one name", "names of their own"),
        ("nested", "names of their own"),
        ("no axis", r"output 'b' of shape \(None,\)"),
    ],
)
def test_models_without_named_tasks_are_refused(kind, message):
    with pytest.raises(ValueError, match=message):
        models.MultiTaskModel(several(kind))


def test_the_model_that_is_wrapped_is_trained_and_needs_no_wrapper(data, tmp_path):
    x, y = data
    network = plain()
    model = models.MultiTaskModel(network)
    model.compile("sgd", loss=LOSS, weighting="adaloss")
    before = network.get_weights()[0]
    model.fit(x, y, verbose=0)
    assert not np.array_equal(before, network.get_weights()[0])
    network.save(tmp_path / "plain.keras")
    again = keras.saving.load_model(tmp_path / "plain.keras").predict(x, verbose=0)
    np.testing.assert_allclose(again["ink"], model.predict(x, verbose=0)["ink"], rtol=1e-6)
