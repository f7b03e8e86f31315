"""A cut model answers at its last exit as the uncut one does, and is an anytime network."""

import functools

import keras
import numpy as np
import pytest
from keras import layers

from ann import costs, losses
from ann.models import attach_exits, cut_points
from examples.small_cnn import small_cnn

applications = keras.applications
APPLICATIONS = {
    # model, period, exits, MACs to the last exit (as other code counts; not all are published to
    # the digit)
    "resnet50": (
        functools.partial(applications.ResNet50, input_shape=(224, 224, 3)),
        4,
        4,
        3_857_973_248,
    ),
    "densenet121": (
        functools.partial(applications.DenseNet121, input_shape=(224, 224, 3)),
        14,
        5,
        2_834_161_664,
    ),
    "mobilenet v3": (
        functools.partial(applications.MobileNetV3Small, input_shape=(64, 64, 3)),
        2,
        3,
        None,
    ),
    "efficientnet v2": (
        functools.partial(applications.EfficientNetV2B0, input_shape=(32, 32, 3)),
        5,
        3,
        None,
    ),
    "convnext": (functools.partial(applications.ConvNeXtTiny, input_shape=(32, 32, 3)), 6, 3, None),
}


def as_if_trained(model, x, random):
    """Weights with which answers depend on the image: in an untrained deep network they do not."""
    for weight in model.weights:
        if len(weight.shape) == 1:
            weight.assign(random.uniform(0.5, 1.5, weight.shape))
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = 0.0
    model(x, training=True)


@pytest.mark.parametrize("name", APPLICATIONS)
def test_applications_keep_their_answer(name, random):
    make, period, num_exits, macs = APPLICATIONS[name]
    plain = make(weights=None, classifier_activation=None)
    x = random.uniform(0, 255, (2, *plain.input_shape[1:])).astype("float32")
    as_if_trained(plain, x, random)
    model = attach_exits(plain, every=period, num_classes=1000)
    assert model.num_exits == num_exits
    expected = keras.ops.convert_to_numpy(plain(x))
    assert np.ptp(expected, axis=0).max() > 1e-3 * np.ptp(
        expected
    )  # an answer depends on the image
    np.testing.assert_allclose(model(x)[-1], expected, atol=1e-5 * np.ptp(expected))
    profile = costs.profile(model)
    assert (profile.macs_pruned.diff()[1:] > 0).all()
    assert macs in (None, profile.macs_pruned.iloc[-1])


def test_resnet101_costs_to_the_digit():
    model = attach_exits(
        applications.ResNet101(weights=None), at=["conv4_block12_out"], num_classes=1000
    )
    assert costs.profile(model).macs_pruned.iloc[-1] == 7_570_194_432  # as other code counts


@pytest.fixture
def images(random):
    return random.normal(size=(24, 8, 8, 3)).astype("float32"), random.integers(0, 5, 24)


def cnn():
    return small_cnn((8, 8, 3), 5, units=1, width=4)


def test_units_of_a_residual_network_end_with_its_additions():
    model = attach_exits(cnn(), every=2, num_classes=5)
    assert [segment.layers[-1].name for segment in model.segments] == ["unit_0_add", "pool"]
    assert [head.layers[-1].name for head in model.heads] == ["linear", "classifier"]


def test_more_units_than_there_are_is_refused():
    with pytest.raises(
        ValueError, match=r"every must be .* units of this model. Received: every=99"
    ):
        attach_exits(cnn(), every=99, num_classes=5)


def test_units_of_a_plain_network_end_before_the_next_kernel():
    rows = [
        layers.Conv2D(4, 3),
        layers.ReLU(),
        layers.Conv2D(4, 3),
        layers.ReLU(),
        layers.MaxPooling2D(),
        layers.Flatten(),
    ]
    plain = keras.Sequential([keras.Input((16, 16, 3)), *rows, layers.Dense(7), layers.Dense(5)])
    kept = attach_exits(plain, every=1, num_classes=5)
    assert [type(segment.layers[-1]).__name__ for segment in kept.segments] == [
        "ReLU",
        "Flatten",
        "Dense",
    ]
    replaced = attach_exits(plain, every=1, num_classes=9)
    assert [type(segment.layers[-1]).__name__ for segment in replaced.segments] == [
        "ReLU",
        "Flatten",
        "Dense",
    ]
    assert replaced.num_classes == 9


def test_the_given_model_is_left_as_it_was(images):
    plain = cnn()
    before = plain.get_weights()
    model = attach_exits(plain, every=1, num_classes=5)
    model.compile(optimizer=keras.optimizers.SGD(0.1), training_mode="heads")
    model.fit(*images, verbose=0)
    for mine, theirs in zip(plain.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert plain.trainable_weights


def test_a_users_network_trains_and_resumes_from_disk(images, tmp_path):
    model = attach_exits(cnn(), every=1, num_classes=5)
    model.compile(optimizer=keras.optimizers.SGD(0.1, momentum=0.9), weighting="adaloss")
    history = model.fit(*images, batch_size=12, epochs=20, verbose=0).history
    assert all(
        history[f"exit_0{k}_loss"][-1] < 0.9 * history[f"exit_0{k}_loss"][0] for k in range(3)
    )
    assert history["exit_02_loss"][-1] < 0.1 * history["exit_02_loss"][0]
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for mine, theirs in zip(loaded(images[0]), model(images[0]), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)
    assert costs.profile(loaded).equals(costs.profile(model))
    loaded.fit(*images, verbose=0)


@pytest.mark.parametrize("weighting", losses.schemes())
def test_every_weighting_trains_it(images, weighting):
    model = attach_exits(mlp(), at=["a"], num_classes=5)
    model.compile(optimizer="sgd", weighting=weighting, run_eagerly=True)
    assert np.isfinite(model.fit(*images, verbose=0).history["loss"][0])


def mlp():
    rows = [
        layers.Flatten(),
        layers.Dense(6, activation="tanh", name="a"),
        layers.Dense(6, activation="tanh", name="b"),
    ]
    return keras.Sequential(
        [keras.Input((8, 8, 3)), *rows, layers.Dense(5, activation="softmax", name="c")]
    )


def test_heads_alone_are_trained_on_the_weights_given(images):
    model = attach_exits(cnn(), every=1, num_classes=5)
    before = [w for segment in model.segments for w in segment.get_weights()]
    model.compile(optimizer=keras.optimizers.SGD(0.1), weighting="const", training_mode="heads")
    classifier = model.heads[-1].get_weights()[0]
    model.fit(*images, verbose=0)
    for mine, theirs in zip(
        (w for segment in model.segments for w in segment.get_weights()), before, strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)
    assert np.abs(model.heads[-1].get_weights()[0] - classifier).max() > 0


def test_skip_connections_are_part_of_the_state(random):
    inputs = keras.Input((4,))
    early = layers.Dense(3, name="early")(inputs)
    late = layers.Dense(2, name="late")(layers.Dense(2, name="middle")(early))
    merged = layers.Concatenate()([early, late, inputs])
    plain = keras.Model(inputs, layers.Dense(5)(merged))
    model = attach_exits(plain, at=["late", "early", "middle"], num_classes=5)
    states = [[tensor.shape[1:] for tensor in segment.outputs] for segment in model.segments]
    assert states == [[(3,), (4,)], [(2,), (3,), (4,)], [(2,), (3,), (4,)], [(9,)]]
    x = random.normal(size=(6, 4)).astype("float32")
    np.testing.assert_allclose(model(x)[-1], plain(x), rtol=1e-5, atol=1e-6)
    # Exit 1 needs neither the input nor the first tensor after its cut: 12 + 6 and its head's 2 x
    # 5.
    assert costs.profile(model).macs_pruned.tolist() == [
        12 + 15,
        12 + 6 + 10,
        12 + 6 + 4 + 10,
        12 + 6 + 4 + 45,
    ]


def encoder(length=None):
    tokens = keras.Input((length,), dtype="int32")
    x = layers.Embedding(11, 8, mask_zero=True, name="embedding")(tokens)
    for index in range(2):
        y = layers.MultiHeadAttention(2, 4, name=f"attention_{index}")(x, x)
        x = layers.LayerNormalization(name=f"norm_{index}")(layers.Add()([x, y]))
        y = layers.Dense(8, name=f"narrow_{index}")(
            layers.Dense(16, activation="gelu", name=f"wide_{index}")(x)
        )
        x = layers.Add(name=f"block_{index}")([x, y])
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(tokens, layers.Dense(5, activation="softmax")(x))


def test_token_models_and_their_masks(random, tmp_path):
    plain = encoder()
    model = attach_exits(plain, at=["embedding", "block_0"], num_classes=5)
    tokens = random.integers(1, 11, (6, 7))
    tokens[:, 4:] = 0  # padding
    np.testing.assert_allclose(keras.ops.softmax(model(tokens)[-1]), plain(tokens), atol=1e-6)
    # Padding does not count. (At the last exit it does, as in the model given: Keras's attention
    # takes the mask off its input.)
    for short, padded in zip(model(tokens[:, :4])[:2], model(tokens)[:2], strict=True):
        np.testing.assert_allclose(short, padded, atol=1e-5)
    # The chain on plain arrays, which carry no hidden mask.
    state = tokens
    for segment, head, logits in zip(model.segments, model.heads, model(tokens), strict=True):
        state = keras.tree.map_structure(np.array, segment(state))
        np.testing.assert_allclose(head(state), logits, atol=1e-6)
    model.compile(optimizer="sgd", weighting="adaloss", training_mode="no_grad")
    model.fit(tokens, random.integers(0, 5, 6), verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for mine, theirs in zip(loaded(tokens), model(tokens), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)


def test_costs_of_a_token_model_by_hand():
    model = attach_exits(encoder(length=7), every=2, num_classes=5)
    # A block on 7 tokens of 8 channels: 4 linear maps, 2 products of 7 x 7 in 2 heads of 4, and 8
    # -> 16 -> 8.
    block = 7 * 4 * 8 * 8 + 2 * 7 * 7 * 2 * 4 + 7 * 2 * 8 * 16
    assert costs.profile(model).macs_pruned.tolist() == [block + 40, 2 * block + 40]
    with pytest.raises(ValueError, match="sizes must be fixed"):
        costs.profile(attach_exits(encoder(), every=2, num_classes=5))


def test_sub_models_are_opened(images, tmp_path):
    def body(width, name):
        inputs = keras.Input((None, None, width))
        x = layers.Conv2D(4, 3, padding="same", name="conv")(inputs)
        x = layers.BatchNormalization(name="norm")(x)
        unused = layers.Dense(3, name="unused")(x)
        return keras.Model(inputs, [layers.ReLU(name="relu")(x), unused], name=name)

    inputs = keras.Input((8, 8, 3))
    x = body(3, "first")(inputs * 2.0)[0]
    x = body(4, "second")(x, training=False)[0]
    top = keras.Sequential([layers.GlobalMaxPooling2D(), layers.Dense(5, name="conv")], name="top")
    plain = keras.Model(inputs, top(x))
    model = attach_exits(plain, at=["first/norm", "second/conv"], num_classes=5)
    np.testing.assert_allclose(model(images[0])[-1], plain(images[0]), atol=1e-5)
    assert len(attach_exits(plain, every=1, num_classes=5).segments) == 2
    assert not any("unused" in weight.path for weight in model.weights)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded(images[0])[-1], plain(images[0]), atol=1e-5)


def test_layers_called_several_times(images, tmp_path):
    relu, tied = layers.ReLU(name="relu"), layers.Conv2D(3, 3, padding="same", name="tied")
    inputs = keras.Input((8, 8, 3))
    x = relu(layers.Conv2D(3, 3, padding="same")(relu(tied(relu(tied(inputs))))))
    plain = keras.Model(inputs, layers.Dense(5)(layers.Flatten()(x)))
    with pytest.raises(
        ValueError, match=r"after 'relu': a layer with weights is called both .*: \['relu.2'\]"
    ):
        attach_exits(plain, at=["relu"], num_classes=5)
    with pytest.raises(ValueError, match="after 'tied': it is called 2 times"):
        attach_exits(plain, at=["tied"], num_classes=5)
    model = attach_exits(plain, at=["relu.2"], num_classes=5)
    model.save(tmp_path / "model.keras")
    for one in (model, keras.saving.load_model(tmp_path / "model.keras")):
        np.testing.assert_allclose(one(images[0])[-1], plain(images[0]), atol=1e-5)


def test_state_that_is_no_weight_is_kept(images):
    normalization = layers.Normalization()
    normalization.adapt(images[0] * 3 + 1)
    plain = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            normalization,
            layers.Flatten(name="flat"),
            layers.Dense(4),
            layers.Dense(5),
        ]
    )
    model = attach_exits(plain, at="flat", num_classes=5)
    np.testing.assert_allclose(model(images[0])[-1], plain(images[0]), atol=1e-5)


@pytest.mark.parametrize(
    "ending",
    [
        [layers.Dense(5, activation="softmax")],
        [layers.Dense(5), layers.Softmax()],
        [
            layers.Dense(5),
            layers.Activation("softmax"),
            layers.Activation("linear", dtype="float64"),
        ],
        [
            layers.Reshape((1, 192)),
            layers.Dense(5),
            layers.Reshape((5,)),
            layers.Activation("softmax"),
        ],
    ],
)
def test_a_softmax_at_the_end_is_taken_off(images, ending):
    body = [layers.Flatten(name="flat"), layers.Dense(192, name="wide")]
    plain = keras.Sequential([keras.Input((8, 8, 3)), *body, *ending])
    logits = attach_exits(plain, at="flat", num_classes=5)(images[0])[-1]
    assert np.abs(np.sum(logits, axis=1) - 1).max() > 0.1
    np.testing.assert_allclose(keras.ops.softmax(logits), plain(images[0]), atol=1e-6)


def test_own_heads_and_features_of_any_rank(random):
    inputs = keras.Input((2, 2, 2, 2, 2))
    x = layers.Dense(3, name="volume")(inputs)
    plain = keras.Model(inputs, layers.Dense(5)(layers.Dense(4)(layers.Flatten()(x))))
    with pytest.raises(ValueError, match="no head for features .* give one by head="):
        attach_exits(plain, at="volume", num_classes=5)

    def head(state, num_classes, *, name):
        inputs = keras.Input(state.shape[1:])
        return keras.Model(
            inputs, layers.Dense(num_classes)(layers.Flatten(name="flat")(inputs)), name=name
        )

    model = attach_exits(plain, at="volume", num_classes=5, head=head)
    assert model.heads[0].layers[1].name == "flat"
    assert model(random.normal(size=(2, 2, 2, 2, 2, 2)))[0].shape == (2, 5)


def test_volumes_have_units_and_heads(random):
    inputs = x = keras.Input((4, 4, 4, 2))
    for index in range(3):
        x = layers.Conv3D(3, 1, activation="relu", name=f"conv_{index}")(x)
    plain = keras.Model(inputs, layers.Dense(5)(layers.GlobalAveragePooling3D()(x)))
    model = attach_exits(plain, every=1, num_classes=5)
    assert model.num_exits == 3
    model.compile(optimizer="sgd")
    x, y = random.normal(size=(4, 4, 4, 4, 2)).astype("float32"), random.integers(0, 5, 4)
    assert np.isfinite(model.fit(x, y, verbose=0).history["loss"][0])


def test_a_model_that_calls_its_layer_again_and_again_cannot_be_cut():
    inputs, again = keras.Input((8,)), layers.Dense(8, activation="relu", name="again")
    x = again(layers.Dense(8, name="between")(again(inputs)))
    plain = keras.Model(inputs, layers.Dense(5)(layers.Dense(8)(x)))
    with pytest.raises(ValueError, match="no cut after 'between': a layer with weights is called"):
        attach_exits(plain, at=["between"], num_classes=5)
    looped = keras.Model(inputs, layers.Dense(5)(again(again(inputs))))
    message = "finds 0 unit.* No layer can be cut. The last one is 'again': it is called 2 times"
    with pytest.raises(ValueError, match=message):
        attach_exits(looped, every=1, num_classes=5)


def test_a_headless_network_gets_a_head_at_its_end():
    plain = applications.MobileNetV3Small(weights=None, input_shape=(32, 32, 3), include_top=False)
    model = attach_exits(plain, every=3, num_classes=7)
    assert model.segments[-1].output.shape == plain.output.shape
    assert [type(head.layers[-1]).__name__ for head in model.heads] == ["Dense"] * 2


def test_logits_are_float32_under_mixed_precision(images):
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = attach_exits(cnn(), every=1, num_classes=5)
    assert {keras.backend.standardize_dtype(logits.dtype) for logits in model(images[0])} == {
        "float32"
    }
    assert keras.backend.standardize_dtype(model.segments[0].output.dtype) == "bfloat16"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"at": ["a", "d"]},
            r"no cut after 'd': there is no such layer. .* \['flatten.*', 'a'\].* lists all 2",
        ),
        ({"at": ["b"]}, "reads the same features"),
        ({"at": ["c"]}, "part of the model's own classifier"),
        ({"at": ["a"], "every": 1}, "give either at or every"),
        ({}, "give either at or every. Received: at=None"),
        ({"every": 3}, "between 1 and the 2 units"),
        ({"at": [], "keep_classifier": False}, "at least 2 exits.* classifier is not kept"),
        (
            {"at": ["a"], "num_classes": 6, "keep_classifier": True},
            r"must give \(batch, \.\.\., 6\)",
        ),
    ],
)
def test_what_cannot_be_done_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        attach_exits(mlp(), **{"num_classes": 5, **arguments})


def test_models_that_cannot_be_cut_are_refused():
    class Own(keras.Model):
        pass

    one = keras.Input((4,))
    for model, message in (
        (Own(name="own"), "Received: keras_model=Own 'own'"),
        (keras.Sequential([layers.Dense(5)]), "Sequential model that is built"),
        (
            keras.Model(one, layers.Dense(5, activation="tanh", name="odd")(one)),
            r"\['odd'\] with activation 'tanh'",
        ),
        (
            keras.Model(one, [layers.Dense(2)(one), layers.Dense(5)(one)]),
            r"exits give one output.* outputs \[\(None, 2\), \(None, 5\)\]",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            attach_exits(model, at=[], num_classes=5)
    with pytest.raises(ValueError, match=r"keras.Model\(x, model.call\(x\)\).* 'own'"):
        cut_points(Own(name="own"))
    token = keras.layers.Identity(dtype="int32", name="token")(keras.ops.cast(one, "int32"))
    plain = keras.Model(one, layers.Dense(5)(layers.Embedding(9, 2)(token)[:, 0]))
    with pytest.raises(
        ValueError, match=r"after 'token': its output, int32 \(None, 4\), is not features"
    ):
        attach_exits(plain, at=["token"], num_classes=5)


def u_net(size):
    image = keras.Input((size, size, 3))
    early = layers.Conv2D(4, 3, padding="same", activation="relu", name="early")(image)
    deep = layers.Conv2D(4, 3, padding="same", activation="relu", name="deep")(
        layers.MaxPooling2D()(early)
    )
    odd = layers.Conv2D(4, 3, activation="relu", name="odd")(deep)
    x = layers.Concatenate()([layers.UpSampling2D()(deep), early])
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    outputs = layers.Conv2D(2, 1)(x) + layers.GlobalMaxPooling2D(keepdims=True)(
        layers.Conv2D(2, 1)(odd)
    )
    return keras.Model(image, layers.Conv2D(2, 1)(outputs))


@pytest.mark.parametrize("size", [None, 16])
def test_each_position_is_answered_below_the_upsampling_also_for_open_sizes(size, random):
    model = attach_exits(u_net(size), at=["early", "deep"], num_classes=2)
    x = random.normal(size=(2, 16, 16, 3)).astype("float32")
    assert [logits.shape for logits in model(x)] == [(2, 16, 16, 2)] * 3
    with pytest.raises(ValueError, match="after 'odd' cannot answer for each position.* whole mul"):
        attach_exits(u_net(size), at=["odd"], num_classes=2)


def test_positions_of_tokens_are_not_enlarged():
    class Table(layers.Layer):
        """Positions of up to 12 tokens."""

        def build(self, shape):
            self.table = self.add_weight(shape=(12, shape[-1]))

        def call(self, x):
            return x + self.table[: keras.ops.shape(x)[1]]

        def compute_output_spec(self, x):
            assert x.shape[1] is None or x.shape[1] <= 12
            return keras.KerasTensor(x.shape, x.dtype)

    keras.saving.register_keras_serializable(package="tests")(Table)
    tokens = keras.Input((None,), dtype="int32")
    x = layers.Dense(4, name="kept")(Table()(layers.Embedding(9, 4)(tokens)))
    halved = layers.UpSampling1D()(layers.Conv1D(4, 2, strides=2, name="halved")(x))
    plain = keras.Model(tokens, layers.Dense(9)(layers.Dense(4)(halved)))
    assert attach_exits(plain, at="kept", num_classes=9).num_exits == 2
    with pytest.raises(ValueError, match="tokens that are as many as the answers"):
        attach_exits(plain, at="halved", num_classes=9)
