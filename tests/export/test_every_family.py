"""Every family in every format: our engines, and clients that are not ours, answer as the model at
every exit, link by link and part by part."""

import re

import keras
import numpy as np
import onnxruntime
import openvino
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
from tensorflow.python.tools import saved_model_cli

from ann import costs, ensembles, export, models, runtime
from examples.small_cnn import small_cnn

SHAPE = (16, 16, 3)
SMALL = {
    "resann": ("resann-n1-c4", {}),
    "denseann": ("denseann-n2-g4", {"s": 3}),
    "msdnet": ("msdnet-cifar-b2", {"channels": 4, "growth": 2}),
    "vitann": ("vitann-n2-c8", {}),
}
# Network, and whether its preprocessing is in the export.
MATRIX = {
    "resann": True,
    "denseann": False,
    "msdnet": True,
    "vitann": True,
    "attached": False,
    "eann": False,
}


def build(family):
    if family == "eann":
        members = [
            models.build(f"resann-n{n}-c4", num_classes=10, input_shape=SHAPE, s=s)
            for n, s in ((1, 1), (2, 3))
        ]
        return ensembles.EANN(members)
    if family == "attached":
        return models.attach_exits(small_cnn(SHAPE, 10, units=1, width=4), every=1, num_classes=10)
    name, overrides = SMALL[family]
    return models.build(name, num_classes=10, input_shape=SHAPE, **overrides)


def test_no_family_is_left_out():
    assert {re.match("[a-z]+", name)[0] for name in models.names()} == set(SMALL)
    assert set(MATRIX) == {*SMALL, "attached", "eann"}


def assert_close(actual, expected):
    np.testing.assert_allclose(actual, expected, atol=1e-4 * max(1.0, np.abs(expected).max()))


@pytest.fixture(
    params=MATRIX.items(), ids=lambda p: f"{p[0]}, pixels" if p[1] else p[0], scope="module"
)
def exported(request, tmp_path_factory, lively):
    """Model, export, two images for it, and the model's answers to them."""
    family, pixels = request.param
    keras.utils.set_random_seed(0)
    model, random = lively(build(family)), np.random.default_rng(0)
    path = tmp_path_factory.mktemp(family) / "export"
    preprocessing = (
        keras.layers.Normalization(mean=[120.0] * 3, variance=[4e3] * 3) if pixels else None
    )
    export.export(model, path, export.FORMATS, preprocessing=preprocessing)
    images = random.normal(size=(2, *SHAPE)).astype("float32")
    inputs = images
    if pixels:
        images = random.integers(0, 256, (2, *SHAPE)).astype("uint8")
        inputs = preprocessing(images.astype("float32"))
    answers = [keras.ops.convert_to_numpy(logits) for logits in model(inputs, training=False)]
    return model, path, images, answers


ENGINES = ["tensorflow", "onnxruntime", "openvino", "litert"]


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_answers_as_the_model_at_every_exit(exported, engine):
    model, path, x, expected = exported
    threads = None if engine == "tensorflow" else 1
    with runtime.AnytimePredictor(path, engine, threads=threads) as predictor:
        answers = list(predictor.refine(x))
        assert [answer.exit for answer in answers] == list(range(model.num_exits))
        for answer, logits in zip(answers, expected, strict=True):
            assert_close(answer.logits, logits)
        assert_close(predictor.predict(x).logits, logits)
        assert_close(predictor.predict(x[0]).logits, logits[0])
        with pytest.raises(ValueError, match="images must be"):
            predictor.predict(x.astype("float32" if x.dtype == "uint8" else "uint8"))


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_computes_every_head_alone(exported, engine):
    model, path, x, expected = exported
    threads, reached = None if engine == "tensorflow" else 1, set()
    with runtime.AnytimePredictor(path, engine, threads=threads) as predictor:
        assert predictor.macs_lazy.tolist() == costs.profile(model).macs_lazy.tolist()
        for budget in predictor.macs_lazy:
            answer = predictor.predict(x, budget_macs=budget, lazy_heads=True)
            assert_close(answer.logits, expected[answer.exit])
            assert answer.macs == predictor.macs_lazy[answer.exit] <= budget
            reached.add(answer.exit)
    assert reached == set(range(model.num_exits))


def tensorflow_serving(path):
    """As TensorFlow Serving reads a SavedModel: a session, and the tensors of each signature."""
    session = tf.compat.v1.Session(graph=tf.Graph())
    with session.graph.as_default():
        loaded = tf.compat.v1.saved_model.loader.load(session, ["serve"], str(path))

    def call(name, inputs):
        signature = loaded.signature_def[name]
        feeds = {signature.inputs[key].name: value for key, value in inputs.items()}
        return session.run({key: x.name for key, x in signature.outputs.items()}, feeds)

    return call


def onnxruntime_alone(path):
    def call(name, inputs):
        session = onnxruntime.InferenceSession(str(path / f"{name}.onnx"))
        names = [x.name for x in session.get_outputs()]
        read = {x.name: inputs[x.name] for x in session.get_inputs()}
        return dict(zip(names, session.run(None, read), strict=True))

    return call


def openvino_alone(path):
    exact = {"INFERENCE_PRECISION_HINT": "f32"}  # it takes bfloat16 by itself where there is such

    def call(name, inputs):
        model = openvino.compile_model(str(path / f"{name}.onnx"), "CPU", exact)
        names = {name for x in model.inputs for name in x.names}
        made = model({key: value for key, value in inputs.items() if key in names})
        return {name: value for output, value in made.items() for name in output.names}

    return call


def litert_alone(path):
    interpreter = Interpreter(str(path / "model.tflite"))

    def call(name, inputs):
        runner = interpreter.get_signature_runner(name)
        return runner(**{key: inputs[key] for key in runner.get_input_details()})

    return call


@pytest.mark.parametrize(
    "client", [tensorflow_serving, onnxruntime_alone, openvino_alone, litert_alone]
)
def test_clients_that_are_not_ours_walk_the_chain(exported, client):
    _, path, x, expected = exported
    call, state = client(path), {"image": x[:1]}
    for index, logits in enumerate(expected):
        link = call(f"segment_{index:02d}", state)
        assert_close(link["logits"], logits[:1])
        segment = call(f"advance_{index:02d}", state)
        # OpenVINO also knows a state that is only passed on by the name that it came with.
        state = {
            name.replace("next_", "state_"): value
            for name, value in segment.items()
            if name.startswith("next_")
        }
        assert_close(call(f"head_{index:02d}", state)["logits"], logits[:1])


@pytest.mark.parametrize("client", [onnxruntime_alone, openvino_alone])
def test_clients_that_are_not_ours_compute_all_exits(exported, client):
    model, path, x, expected = exported
    made = client(path)("all_exits", {"image": x})
    for name, logits in zip(model.exit_names, expected, strict=True):
        assert_close(made[name], logits)


def test_the_command_line_of_tensorflow_runs_a_signature(exported, tmp_path, capsys):
    model, path, x, expected = exported
    saved_model_cli.run_saved_model_with_feed_dict(
        str(path), "serve", model.exit_names[0], {"image": x}, str(tmp_path), False
    )
    assert_close(np.load(tmp_path / "logits.npy"), expected[0])


def test_saved_model_has_a_signature_for_every_exit_and_segment(exported):
    model, path, x, expected = exported
    signatures = tf.saved_model.load(str(path)).signatures
    assert len(signatures) == 4 * model.num_exits + 2
    everything = signatures["all_exits"](image=tf.constant(x))
    for name, logits in zip(model.exit_names, expected, strict=True):
        assert_close(signatures[name](image=tf.constant(x))["logits"], logits)
        assert_close(everything[name], logits)
    assert_close(signatures["serving_default"](image=tf.constant(x))["logits"], expected[-1])


def test_an_exit_computes_only_what_it_needs(exported):
    model, path, _, _ = exported
    loaded = tf.saved_model.load(str(path))

    def products(signature):
        # Inlined and pruned, as it is run.
        graph = convert_variables_to_constants_v2(loaded.signatures[signature]).graph
        return sum(op.type in ("Conv2D", "MatMul") for op in graph.get_operations())

    first, last = products(model.exit_names[0]), products(model.exit_names[-1])
    kinds = (keras.layers.Conv2D, keras.layers.Dense)
    heads = [sum(isinstance(layer, kinds) for layer in head.layers) for head in model.heads]
    assert first < last <= products("all_exits") - sum(heads[:-1])
