"""Networks of several inputs, and those that answer for each position, in every format and on every
engine."""

import json

import keras
import numpy as np
import pytest
from keras import layers

from ann import export, models, runtime


def two_inputs(*, as_list):
    """A photo and facts about it, whose names are not in the order of the list."""
    photo, facts = keras.Input((6, 6, 3), name="photo"), keras.Input((4,), name="facts")
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu")(photo))
    x = layers.Dense(4, activation="relu", name="first")(layers.Concatenate()([x, facts]))
    x = layers.Dense(4, activation="relu")(x)
    inputs = [photo, facts] if as_list else {"photo": photo, "facts": facts}
    plain = keras.Model(inputs, layers.Dense(3)(x))
    return models.attach_exits(plain, at=["first"], num_classes=3)


def masked_tokens():
    """Two inputs of integers, the mask needed by both segments; a mixed precision policy."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    mask = keras.Input((None,), dtype="int32", name="mask")
    x = layers.Embedding(9, 4)(tokens)
    x = layers.Dense(4, activation="relu", name="first")(x)
    x = layers.MultiHeadAttention(1, 4)(x, x, attention_mask=keras.ops.expand_dims(mask, 1) > 0)
    plain = keras.Model({"tokens": tokens, "mask": mask}, layers.Dense(5, dtype="float32")(x))
    return models.attach_exits(plain, at=["first"], num_classes=5)


def language():
    tokens = keras.Input((5,), dtype="int32")
    x = layers.Dense(4, activation="gelu", name="first")(layers.Embedding(9, 4)(tokens))
    plain = keras.Model(tokens, layers.Dense(9)(layers.Dense(4)(x)))
    return models.attach_exits(plain, at=["first"], num_classes=9)


def segmentation():
    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu", name="first")(image)
    x = layers.UpSampling2D()(layers.Conv2D(4, 3, padding="same", activation="relu")(x))
    plain = keras.Model(image, layers.Conv2D(2, 1)(x))
    return models.attach_exits(plain, at=["first"], num_classes=2)


NETWORKS = {  # network, sizes that it leaves open, shape of an answer
    "dictionary": (lambda: two_inputs(as_list=False), None, (3,)),
    "list": (lambda: two_inputs(as_list=True), None, (3,)),
    "masked tokens": (masked_tokens, {"tokens": (5,), "mask": (5,)}, (5, 5)),
    "language": (language, None, (5, 9)),
    "segmentation": (segmentation, None, (8, 8, 2)),
}


def inputs_like(model, input_shape, random):
    """Two samples of each input."""
    shapes, like = input_shape or model.sample_shape, model.segments[0].input

    def sample(shape, tensor):
        if "int" in tensor.dtype:
            return np.ones((2, *shape), "int32") + random.integers(0, 2, (2, *shape))
        return random.normal(size=(2, *shape)).astype("float32")

    if isinstance(shapes, dict):
        return {name: sample(shapes[name], like[name]) for name in shapes}
    if isinstance(shapes, list):
        return [sample(*one) for one in zip(shapes, like, strict=True)]
    return sample(shapes, model.segments[0].inputs[0])


@pytest.mark.parametrize("name", NETWORKS)
def test_every_format_and_engine_answers_as_the_model(name, tmp_path, random):
    make, input_shape, answer_shape = NETWORKS[name]
    model = make()
    export.export(model, tmp_path / "e", export.FORMATS, input_shape=input_shape)
    manifest = json.loads((tmp_path / "e/manifest.json").read_text())
    assert tuple(manifest["logits_shape"]) == answer_shape
    assert None not in [one["macs"] for one in manifest["exits"]]
    x = inputs_like(model, input_shape, random)
    several = isinstance(x, (dict, list))
    assert (manifest["input"] is None) == several
    expected = [np.asarray(logits) for logits in model(x, training=False)]
    tolerance = 0.03 if name == "masked tokens" else 1e-4  # the export is in float32
    for engine in [one for kind in export.FORMATS for one in runtime.engines_of_format(kind)]:
        with runtime.AnytimePredictor(tmp_path / "e", engine) as predictor:
            answers = [*predictor.refine(x), predictor.predict(x, lazy_heads=True)]
            for answer, logits in zip(answers, [*expected, expected[-1]], strict=True):
                np.testing.assert_allclose(answer.logits, logits, atol=tolerance, err_msg=engine)
            one = keras.tree.map_structure(lambda array: array[1], x)
            alone = predictor.predict(one, deadline=60.0)
            assert alone.logits.shape == answer_shape
            np.testing.assert_allclose(alone.logits, expected[-1][1], atol=tolerance)


def test_inputs_by_name_or_in_order_and_others_refused(tmp_path, random):
    model = two_inputs(as_list=False)
    x = inputs_like(model, None, random)
    export.export(model, tmp_path / "e", "onnx", example=x)
    predictor = runtime.AnytimePredictor(tmp_path / "e")
    assert predictor.input_names == ["facts", "photo"]
    assert predictor.input_shape is None
    by_name, in_order = predictor.predict(x), predictor.predict([x["facts"], x["photo"]])
    np.testing.assert_array_equal(by_name.logits, in_order.logits)
    left = predictor.early_exit(x, [0.0, 0.0])
    assert left.exits.tolist() == [0, 0]
    for wrong, message in (
        (x["photo"], r"has the inputs \['facts', 'photo'\].* Received: ndarray"),
        ({"photo": x["photo"]}, r"Received: \['photo'\]"),
        ([x["photo"]], "Received: list of 1"),
        (x | {"facts": x["facts"][:, :2]}, r"input 'facts' must be \(4\)"),
        (x | {"facts": x["facts"][0]}, "of one sample, or of as many as the others"),
        (x | {"facts": x["facts"] * np.nan}, "input 'facts' must be finite"),
        (x | {"facts": np.ones((2, 4), "int32")}, "input 'facts' must be float32"),
    ):
        with pytest.raises(ValueError, match=message):
            predictor.predict(wrong)


@pytest.mark.parametrize(
    ("make", "arguments", "message"),
    [
        (masked_tokens, {}, r"fixed sizes: give export\(..., input_shape=\)"),
        (
            lambda: two_inputs(as_list=False),
            {"preprocessing": layers.Rescaling(1 / 255)},
            "takes one input of float32; this one takes float32, float32 as",
        ),
        (
            lambda: two_inputs(as_list=False),
            {"example": {"photo": np.zeros((6, 6, 3))}},
            "example must have each of the inputs .*Received: .'photo'.",
        ),
        (
            segmentation,
            {"quantize": "int8", "calibration": np.zeros((2, 8, 8, 3), "float32")},
            "int8 is for networks of one input and one answer for it",
        ),
    ],
)
def test_what_cannot_be_exported_is_refused_by_name(make, arguments, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        export.export(make(), tmp_path / "e", "onnx", **arguments)
    assert not list(tmp_path.iterdir())


def test_early_exit_and_the_service_refuse_answers_for_each_position(tmp_path):
    from ann.runtime.service.served import Served

    export.export(language(), tmp_path / "e", "onnx")
    predictor = runtime.AnytimePredictor(tmp_path / "e")
    with pytest.raises(ValueError, match="one answer for each sample"):
        predictor.early_exit(np.ones((2, 5), "int32"), [0.5, 0.5])
    with pytest.raises(ValueError, match="service takes networks of one input and one answer"):
        Served(predictor, workers=1, max_waiting=1, max_batch=1)
