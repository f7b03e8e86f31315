"""What can be exported: every precision, fresh, compiled or loaded; layers and inputs of any model;
temperatures; int8. And what is refused before anything is written."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from ann import export, models, runtime

SHAPE = (16, 16, 3)


def in_precision(policy, state, folder):
    keras.config.set_dtype_policy(policy)
    model = models.build("resann-n1-c4", num_classes=10, input_shape=SHAPE)
    if state != "fresh":
        model.compile(weighting="dwa" if policy == "mixed_bfloat16" else "adaloss")
    keras.config.set_dtype_policy("float32")
    if state == "loaded":
        model.save(folder / "model.keras")
        model = keras.saving.load_model(folder / "model.keras")
    return model


@pytest.mark.parametrize(
    ("policy", "state"),
    [
        ("mixed_bfloat16", "compiled"),
        ("mixed_float16", "loaded"),
        ("bfloat16", "fresh"),
        ("mixed_bfloat16", "loaded"),
    ],
)
def test_every_precision_is_shipped_in_float32(policy, state, tmp_path):
    model = in_precision(policy, state, tmp_path)
    twin = models.build("resann-n1-c4", num_classes=10, input_shape=SHAPE)
    for links, others in ((twin.segments, model.segments), (twin.heads, model.heads)):
        for link, other in zip(links, others, strict=True):
            link.set_weights(other.get_weights())
    images = np.random.default_rng(0).normal(size=(2, *SHAPE)).astype("float32")
    export.export(model, tmp_path / "e")
    answers = runtime.AnytimePredictor(tmp_path / "e").refine(images)
    for answer, logits in zip(answers, twin(images, training=False), strict=True):
        np.testing.assert_allclose(answer.logits, logits, atol=1e-4)


def token_model():
    inputs = keras.Input((6,), dtype="int32")
    x = layers.Dense(4, activation="gelu", name="unit")(layers.Embedding(7, 4)(inputs))
    x = layers.Dense(4, activation="gelu")(x)
    plain = keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling1D()(x)))
    return models.attach_exits(plain, at=["unit"], num_classes=3)


def test_engines_that_cannot_read_an_export_are_named_and_refuse_it(tmp_path):
    inputs = keras.Input((6,), dtype="int32")
    x = layers.Dense(4, name="unit")(layers.Embedding(7, 4)(inputs))
    plain = keras.Model(inputs, layers.Dense(3)(layers.SimpleRNN(4)(x)))
    model = models.attach_exits(plain, at=["unit"], num_classes=3)
    said = rf"^OpenVINO cannot read .*\(Loop\).*path='{tmp_path}/e'$"
    with pytest.warns(UserWarning, match=said):
        export.export(model, tmp_path / "e", "onnx")
    with pytest.raises(runtime.ExportError, match=said):
        runtime.AnytimePredictor(tmp_path / "e", "openvino")
    assert (
        runtime.AnytimePredictor(tmp_path / "e", "onnxruntime").predict(np.zeros(6, int)).exit == 1
    )


def grouped_pixels():
    inputs = keras.Input(SHAPE, dtype="uint8")
    x = layers.Conv2D(8, 3, name="unit")(layers.Rescaling(1 / 255)(inputs))
    x = layers.Conv2D(8, 3, groups=4)(x)
    plain = keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)))
    return models.attach_exits(plain, at=["unit"], num_classes=3)


@pytest.mark.parametrize(
    ("make", "dtype", "values"), [(token_model, "int32", 7), (grouped_pixels, "uint8", 256)]
)
def test_exact_gelu_grouped_convolutions_tokens_and_pixels(make, dtype, values, tmp_path):
    model = make()
    inputs = np.random.default_rng(0).integers(0, values, (2, *model.sample_shape)).astype(dtype)
    export.export(model, tmp_path / "e", ["onnx", "litert"])
    for engine in ("onnxruntime", "litert"):
        predictor = runtime.AnytimePredictor(tmp_path / "e", engine)
        assert predictor.manifest["input"] == {
            "shape": [*model.sample_shape],
            "dtype": dtype,
            "largest": 255,
        }
        for answer, logits in zip(predictor.refine(inputs), model(inputs), strict=True):
            np.testing.assert_allclose(answer.logits, logits, atol=1e-4)


@keras.saving.register_keras_serializable(package="tests")
class Strange(keras.layers.Layer):
    """An operation that ONNX does not have, and no rule for its costs."""

    def call(self, x):
        return tf.math.lgamma(1.0 + tf.abs(x))


def test_a_layer_that_onnx_cannot_say_is_named_and_a_model_without_costs_is_exported(tmp_path):
    inputs = keras.Input((4,))
    x = Strange(name="strange")(layers.Dense(4, name="unit")(inputs))
    x = layers.Dense(4)(x)
    model = models.attach_exits(keras.Model(inputs, layers.Dense(3)(x)), at=["unit"], num_classes=3)
    with pytest.raises(ValueError, match="Lgamma in .*strange"):
        export.export(model, tmp_path / "e", "onnx")
    assert not list(tmp_path.iterdir())


def test_costs_that_cannot_be_counted_are_said_to_be_unknown(tmp_path, monkeypatch):
    def profile(model, input_shape):
        raise ValueError("why")

    monkeypatch.setattr("ann.costs.profile", profile)
    model = models.build("resann-n1-c4", num_classes=10, input_shape=SHAPE)
    export.export(model, tmp_path / "e")
    predictor = runtime.AnytimePredictor(tmp_path / "e")
    assert predictor.macs is None
    assert predictor.manifest["costs_unknown"] == "why"
    image = np.zeros(SHAPE, "float32")
    assert predictor.predict(image).macs is None
    assert predictor.early_exit(image[None], [0.0] * 3).macs is None
    with pytest.raises(ValueError, match="not known, so there is no budget"):
        predictor.predict(image, budget_macs=1e6)


def test_temperatures_divide_the_logits(tmp_path):
    model = models.build("resann-n1-c4", num_classes=10, input_shape=SHAPE)
    for variable in model.variables:
        if variable.ndim == 1:
            variable.assign(np.random.default_rng(1).uniform(0.5, 1.5, variable.shape))
    export.export(model, tmp_path / "e", "onnx", temperatures=[0.5, 2.0, 3.0])
    image = np.random.default_rng(0).normal(size=SHAPE).astype("float32")
    predictor = runtime.AnytimePredictor(tmp_path / "e")
    assert [exit["temperature"] for exit in predictor.manifest["exits"]] == [0.5, 2.0, 3.0]
    for answer, logits, temperature in zip(
        predictor.refine(image), model(image[None]), [0.5, 2.0, 3.0], strict=True
    ):
        np.testing.assert_allclose(answer.logits, logits[0] / temperature, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(predictor.predict(image).logits, answer.logits, atol=1e-4)


@pytest.mark.parametrize("format", ["onnx", "litert"])
def test_int8_says_what_it_does_to_every_exit(format, tmp_path):
    model = models.build("resann-n1-c4", num_classes=10, input_shape=SHAPE)
    images = np.random.default_rng(0).normal(size=(16, *SHAPE)).astype("float32")
    labels = np.argmax(model(images)[-1], axis=-1)
    arguments = {"quantize": "int8", "calibration": (images, labels)}
    export.export(model, tmp_path / "e", format, quantize_bound=50, **arguments)
    manifest = json.loads((tmp_path / "e/manifest.json").read_text())
    assert manifest["precision"] == "int8"
    assert set(manifest["quantization"]) == set(runtime.engines_of_format(format))
    for engine, found in manifest["quantization"].items():
        assert found["images"] == 16
        assert found["error_before"][-1] == 0.0
        predictor = runtime.AnytimePredictor(tmp_path / "e", engine)
        assert predictor.precision == "int8"
        after = [np.mean(a.logits.argmax(-1) != labels) for a in predictor.refine(images)]
        np.testing.assert_allclose(found["error_after"], 100 * np.array(after))
        with pytest.raises(ValueError, match="Received: precision='float32'"):
            runtime.AnytimePredictor(tmp_path / "e", engine, precision="float32")


def test_what_int8_refuses(tmp_path):
    model = models.build("resann-n1-c4", num_classes=10, input_shape=SHAPE)
    images = np.zeros((2, *SHAPE), "float32")
    for arguments, message in (
        ({"quantize": "int4", "calibration": images}, "quantize='int4'"),
        ({"quantize": "int8"}, "needs calibration"),
        ({"quantize": "int8", "calibration": (images, [1])}, "class index for each of its 2"),
        ({"calibration": images}, "calibration is for.*quantize=None"),
        ({"quantize_bound": 1.0}, "quantize_bound is for.*quantize=None"),
    ):
        with pytest.raises(ValueError, match=message):
            export.export(model, tmp_path / "e", "onnx", **arguments)
    with pytest.raises(ValueError, match="for the formats 'onnx' and 'litert'"):
        export.export(model, tmp_path / "e", quantize="int8", calibration=images)
    with pytest.raises(RuntimeError, match="Received: quantize_bound=-1"):
        export.export(
            model, tmp_path / "e", "onnx", quantize="int8", calibration=images, quantize_bound=-1
        )
    assert not list(tmp_path.iterdir())


def plain_model():
    return keras.Sequential([keras.Input((4,)), layers.Dense(2)], name="plain")


PIXELS = np.zeros((2, *SHAPE), "uint8")


@pytest.mark.parametrize(
    ("make", "arguments", "message"),
    [
        (plain_model, {}, "attach_exits makes one of a Keras model. Received: Sequential 'plain'"),
        (grouped_pixels, {"preprocessing": layers.Rescaling(1 / 255)}, "this one takes uint8"),
        (grouped_pixels, {"preprocessing": np.abs}, "must be a Keras layer or model"),
        (grouped_pixels, {"calibration": [(PIXELS, [1, 2])]}, "calibration must be uint8"),
        (grouped_pixels, {"calibration": PIXELS / 255}, "Received: ndarray of float64"),
        (grouped_pixels, {"calibration": tf.data.Dataset.range(2)}, "calibration must be uint8"),
        (grouped_pixels, {"example": PIXELS[:, :8]}, "example must be uint8"),
    ],
)
@pytest.mark.parametrize("format", ["saved_model", "onnx", "litert"])
def test_what_no_format_can_say_is_refused_before_anything_is_written(
    make, arguments, message, format, tmp_path
):
    if "calibration" in arguments:
        format, arguments = ["onnx", "litert"], {"quantize": "int8", **arguments}
    with pytest.raises(ValueError, match=message):
        export.export(make(), tmp_path / "e", format, **arguments)
    assert not list(tmp_path.iterdir())
