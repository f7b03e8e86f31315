"""Where a model can be cut; models of several inputs, of answers for each position."""

import keras
import numpy as np
import pytest
from keras import layers

from ann import costs, evaluation, exits, models
from ann.models import attach_exits, cut_points


def two_inputs(names):
    image, number = keras.Input((8,), name="image"), keras.Input((3,), name="number")
    x = layers.Dense(6, activation="relu", name="a")(image)
    x = layers.Concatenate(name="joined")([x, number])
    x = layers.Dense(5, activation="relu", name="b")(x)
    x = layers.Concatenate(name="again")([x, number])
    inputs = {"image": image, "number": number} if names else [image, number]
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(x))


@pytest.mark.parametrize("names", [False, True])
def test_several_inputs_stay_as_they_are(names, random, tmp_path):
    plain = two_inputs(names)
    model = attach_exits(plain, at=["a", "b"], num_classes=4)
    x = [random.normal(size=(6, size)).astype("float32") for size in (8, 3)]
    x = dict(zip(("image", "number"), x, strict=True)) if names else x
    np.testing.assert_allclose(keras.ops.softmax(model(x)[-1]), plain(x), atol=1e-6)
    # The first segment needs one of the inputs; the other is in its state.
    assert [tuple(t.shape[1:]) for t in model.segments[0].outputs] == [(6,), (3,)]
    assert costs.profile(model).macs_pruned.tolist() == [48 + 24, 48 + 45 + 20, 48 + 45 + 32]
    model.compile(optimizer="sgd", weighting="adaloss")
    y = random.integers(0, 4, 6)
    assert np.isfinite(model.fit(x, y, verbose=0).history["loss"][0])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for mine, theirs in zip(loaded(x), model(x), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)
    assert loaded.sample_shape == model.sample_shape
    assert len(evaluation.anytime_curve(loaded, [(x, y)])) == 3


def test_the_table_says_where_and_at_what_cost():
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same", name="stem")(inputs)
    for index in range(2):
        y = layers.Conv2D(4, 3, padding="same", name=f"conv_{index}")(x)
        x = layers.Add(name=f"unit_{index}")([x, y])
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    plain = keras.Model(inputs, layers.Dense(5, name="classifier")(x))
    table = cut_points(plain).set_index("layer")
    assert list(table.index) == ["stem", "conv_0", "unit_0", "conv_1", "unit_1", "pool"]
    assert table.unit.dropna().to_dict() == {"unit_0": 1, "pool": 2}
    assert table.tensors.to_dict()["conv_0"] == 2  # and what the shortcut carries
    stem, conv = 64 * 27 * 4, 64 * 36 * 4
    assert table.macs["unit_0"] == stem + conv
    assert table.fraction["unit_0"] == pytest.approx((stem + conv) / (stem + 2 * conv + 20))
    assert table["shape"]["pool"] == (4,)
    by_name = attach_exits(plain, at=["unit_0"], num_classes=5)
    by_layer = attach_exits(plain, at=plain.get_layer("unit_0"), num_classes=5)
    assert [s.name for s in by_layer.segments] == [s.name for s in by_name.segments]
    with pytest.raises(ValueError, match=r"Received: \['elsewhere'\], which are not in it"):
        attach_exits(plain, at=[layers.Dense(2, name="elsewhere")], num_classes=5)
    with pytest.raises(ValueError, match=r"nearest names first: \['unit_0'.* lists all 4"):
        attach_exits(plain, at="unit0", num_classes=5)


def test_open_sizes_have_costs_with_an_input_shape():
    inputs = keras.Input((None, None, 3))
    x = layers.Conv2D(4, 3, padding="same", name="a")(inputs)
    plain = keras.Model(inputs, layers.GlobalAveragePooling2D()(layers.Conv2D(4, 1, name="b")(x)))
    assert np.isnan(cut_points(plain).macs).all()
    assert cut_points(plain, (4, 4, 3)).macs[0] == 16 * 27 * 4


def cells(count):
    """As in NASNet: each cell reads the two before it, so no place has one tensor crossing."""
    inputs = keras.Input((8, 8, 3))
    before = x = layers.Conv2D(4, 3, padding="same", name="stem")(inputs)
    for index in range(count):
        y = layers.Conv2D(4, 1, name=f"left_{index}")(x)
        z = layers.Conv2D(4, 1, name=f"right_{index}")(before)
        before, x = x, layers.Concatenate(name=f"cell_{index}")([y, z])
    x = layers.Concatenate(name="last")([x, before])
    return keras.Model(inputs, layers.Dense(5)(layers.GlobalAveragePooling2D()(x)))


def test_units_may_be_joined_by_several_tensors(random):
    plain = cells(4)
    model = attach_exits(plain, every=1, num_classes=5)
    assert model.num_exits == 4
    assert [len(segment.outputs) for segment in model.segments] == [2, 2, 2, 1]
    x = random.normal(size=(3, 8, 8, 3)).astype("float32")
    np.testing.assert_allclose(model(x)[-1], plain(x), atol=1e-5)


def test_too_few_exits_are_refused_with_what_would_work():
    one = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="a"), layers.Dense(5)])
    with pytest.raises(ValueError, match=r"every= finds 1 unit\(s\)"):
        attach_exits(one, every=1, num_classes=5)
    with pytest.raises(ValueError, match="every=4 of 4 units .* at most 3 gives an early exit"):
        attach_exits(cells(4), every=4, num_classes=5)
    with pytest.raises(ValueError, match="at least 2 exits; models.cut_points"):
        attach_exits(one, at=[], num_classes=5)


def test_exits_that_repeat_each_other_are_refused():
    rows = [layers.Dense(4, name="a"), layers.ReLU(name="relu"), layers.Dense(4), layers.Dense(4)]
    plain = keras.Sequential([keras.Input((4,)), *rows, layers.Dense(5)])
    with pytest.raises(ValueError, match="between 'a' and 'relu', so their exits would repeat"):
        attach_exits(plain, at=["a", "relu"], num_classes=5)


@keras.saving.register_keras_serializable("tests")
class Block(layers.Layer):
    """A residual block as a layer."""

    def __init__(self, width=4, **kwargs):
        super().__init__(**kwargs)
        self.width = width
        self.wide, self.narrow = layers.Dense(2 * width, "relu"), layers.Dense(width)

    def build(self, shape):
        self.wide.build(shape)
        self.narrow.build((*shape[:-1], 2 * self.width))

    def call(self, x):
        return x + self.narrow(self.wide(x))

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return {**super().get_config(), "width": self.width}


@keras.saving.register_keras_serializable("tests")
class Row(layers.Layer):
    """A row of blocks as one layer."""

    def __init__(self, count=3, **kwargs):
        super().__init__(**kwargs)
        self.count = count
        self.blocks = [Block(name=f"block_{index}") for index in range(count)]

    def build(self, shape):
        for block in self.blocks:
            block.build(shape)

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return x

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return {**super().get_config(), "count": self.count}


def test_block_layers_are_units_and_rows_of_them_are_opened(random, tmp_path):
    inputs = keras.Input((4,))
    x = Block(name="first")(inputs)
    plain = keras.Model(inputs, layers.Dense(5)(Row(name="row")(x)))
    table = cut_points(plain)
    assert table[table.unit.notna()].layer.tolist() == [
        "first",
        "row/block_0",
        "row/block_1",
        "row/block_2",
    ]
    model = attach_exits(plain, every=1, num_classes=5)
    x = random.normal(size=(3, 4)).astype("float32")
    np.testing.assert_allclose(model(x)[-1], plain(x), atol=1e-5)
    assert costs.profile(model).macs_pruned.tolist() == [64 * k + 20 for k in (1, 2, 3, 4)]
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded(x)[1], model(x)[1], atol=1e-6)


def test_layers_that_keras_cannot_load_are_named():
    class Unknown(layers.Layer):
        def __init__(self, size, **kwargs):
            super().__init__(**kwargs)
            self.size = size

        def call(self, x):
            return x * self.size

        def get_config(self):
            return super().get_config()

    inputs = keras.Input((4,))
    plain = keras.Model(inputs, layers.Dense(5)(Unknown(2)(inputs)))
    message = r"get_config.*register_keras_serial.*Keras says: Could not locate class .Unk[^{]*$"
    with pytest.raises(ValueError, match=message):
        cut_points(plain)


def segmentation():
    inputs = keras.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu", name="half")(inputs)
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu", name="quarter")(x)
    x = layers.Conv2DTranspose(4, 3, strides=4, padding="same", activation="relu", name="up")(x)
    return keras.Model(inputs, layers.Conv2D(5, 1, activation="softmax", name="classes")(x))


def test_segmentation_answers_for_each_place_at_every_exit(random):
    plain = segmentation()
    model = attach_exits(plain, at=["half", "quarter"], num_classes=5)
    assert model.logits_shape == (None, 16, 16, 5)
    x = random.normal(size=(2, 16, 16, 3)).astype("float32")
    np.testing.assert_allclose(keras.ops.softmax(model(x)[-1]), plain(x), atol=1e-5)
    assert costs.profile(model).macs_pruned.iloc[0] == 64 * 27 * 4 + 64 * 4 * 5
    model.compile(optimizer="sgd", weighting="adaloss", metrics=["accuracy"])
    labels = random.integers(0, 5, (2, 16, 16))
    history = model.fit(x, labels, verbose=0).history
    assert history["exit_00_accuracy"][0] == pytest.approx(
        1 - history["exit_00_error"][0] / 100, abs=1e-5
    )
    pooled = attach_exits(plain, at=["half", "up"], num_classes=5, keep_classifier=False)
    assert pooled.logits_shape == (None, 5)
    with pytest.raises(ValueError, match="all exits must answer alike .*per_position=False"):
        attach_exits(plain, at=["half"], num_classes=5, per_position=False)


def test_positions_of_a_network_without_a_classifier(random):
    inputs = keras.Input((6,), dtype="int32")
    x = layers.Embedding(9, 8, name="tokens")(inputs)
    for index in range(2):
        x = layers.Add(name=f"unit_{index}")([x, layers.Dense(8, name=f"dense_{index}")(x)])
    model = attach_exits(keras.Model(inputs, x), every=1, num_classes=3, per_position=True)
    assert model.logits_shape == (None, 6, 3)
    assert model(np.zeros((2, 6), "int32"))[0].shape == (2, 6, 3)


def test_heads_that_give_something_else_are_refused():
    plain = segmentation()
    wrong = lambda state, num_classes, *, name: exits.linear_head(state, num_classes + 1, name=name)
    with pytest.raises(ValueError, match=r"logits \(batch, ..., 5\). Received: a model to logits"):
        attach_exits(plain, at=["half", "up"], num_classes=5, keep_classifier=False, head=wrong)
    layer = lambda state, num_classes, *, name: layers.Dense(num_classes, name=name)
    with pytest.raises(ValueError, match="functional Keras model .* Received: Dense 'head_00'"):
        attach_exits(plain, at=["half", "up"], num_classes=5, keep_classifier=False, head=layer)
    for number in (0, 2.0, True):
        with pytest.raises(ValueError, match=f"Received: num_classes={number}"):
            attach_exits(plain, at=["half"], num_classes=number)


def test_a_frozen_body_that_is_called_in_inference_stays_so(random):
    image = keras.Input((4, 4, 3))
    x = layers.BatchNormalization(name="norm")(layers.Conv2D(4, 3, name="conv")(image))
    body = keras.Model(image, layers.Conv2D(4, 1, name="second")(x), name="body")
    body.trainable = False
    inputs = keras.Input((4, 4, 3))
    x = layers.GlobalAveragePooling2D()(body(inputs, training=False))
    plain = keras.Model(inputs, layers.Dense(5)(x))
    model = attach_exits(plain, at=["body/norm"], num_classes=5)
    before = [w for segment in model.segments for w in segment.get_weights()]
    x, y = random.normal(size=(8, 4, 4, 3)) * 3 + 1, random.integers(0, 5, 8)
    for mode in ("heads", "joint"):
        model.compile(optimizer=keras.optimizers.SGD(0.1), training_mode=mode)
        model.fit(x, y, verbose=0)
        after = [w for segment in model.segments for w in segment.get_weights()]
        for mine, theirs in zip(after, before, strict=True):
            np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_allclose(model(x, training=True)[-1], model(x, training=False)[-1], atol=1e-6)


def test_every_name_can_be_asked_for():
    assert {"attach_exits", "cut_points", "vitann_cifar"} <= set(models.__all__)
