"""Every deadline is kept on every network: the exits come in order, with every engine, precision
and preprocessing, and a run that is interrupted gives the newest of them.

Runs are interrupted when an exit is there, not by the clock.
"""

import functools
import threading
import time

import keras
import numpy as np
import pytest

from ann import ensembles, export, models, runtime
from ann.runtime import onnxruntime_engine
from examples.small_cnn import small_cnn

SHAPE = (16, 16, 3)
BATCH = 100  # an exit takes milliseconds, an interruption microseconds


def eann():
    members = [models.build(f"resann-n{n}-c4", num_classes=10, input_shape=SHAPE) for n in (1, 2)]
    return ensembles.EANN(members)


FAMILIES = {
    "resann": lambda: models.build("resann-n1-c4", num_classes=10, input_shape=SHAPE),
    "denseann": lambda: models.build("denseann-n2-g4", num_classes=10, input_shape=SHAPE, s=3),
    "msdnet": lambda: models.build(
        "msdnet-cifar-b2", num_classes=10, input_shape=SHAPE, channels=4, growth=2
    ),
    "vitann": lambda: models.build("vitann-n2-c8", num_classes=10, input_shape=SHAPE),
    "attached": lambda: models.attach_exits(
        small_cnn(SHAPE, 10, units=1, width=4), every=1, num_classes=10
    ),
    "eann": eann,
}
PREPROCESSING = {
    "float images": lambda: None,
    "pixels": lambda: keras.layers.Normalization(mean=[120.0] * 3, variance=[4000.0] * 3),
}
# Engine and precision, and the largest difference to the network's answers.
ENGINES = {
    ("onnxruntime", "float32"): 1e-4,
    ("openvino", "float32"): 1e-4,
    ("openvino", "bfloat16"): 0.1,
    ("litert", "float32"): 1e-4,
    ("tensorflow", "float32"): 1e-4,
}


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """Function from a family and its preprocessing to what `exported` returns, made once."""
    return functools.cache(lambda *which: make(*which, tmp_path_factory.mktemp("deadlines")))


@pytest.fixture(
    params=[(family, images) for family in FAMILIES for images in PREPROCESSING],
    ids=", ".join,
    scope="module",
)
def exported(request, exports):
    """An export, images for it, and the network's answers to them."""
    return exports(*request.param)


def make(family, kind, folder):
    keras.utils.set_random_seed(0)
    random, model, preprocessing = (
        np.random.default_rng(0),
        FAMILIES[family](),
        PREPROCESSING[kind](),
    )
    for variable in model.variables:  # values that show if they are lost
        if variable.ndim == 1:
            variable.assign(random.uniform(0.5, 1.5, variable.shape))
    path = folder / "export"
    # Link by link nothing depends on both the family and the preprocessing.
    formats = export.FORMATS if (family, kind) == ("msdnet", "pixels") else ["onnx"]
    export.export(model, path, formats, preprocessing=preprocessing)
    if preprocessing:
        images = random.integers(0, 256, (BATCH, *SHAPE)).astype("uint8")
        inputs = preprocessing(images.astype("float32"))
    else:
        images = inputs = random.normal(size=(BATCH, *SHAPE)).astype("float32")
    return path, images, [np.array(logits) for logits in model(inputs, training=False)]


def interrupt_at(predictor, exit, monkeypatch):
    """Interrupts the next call as soon as the answer of an exit is there."""
    engine = predictor._engine
    if not engine.in_one_call or predictor.engine == "openvino":  # which steps through batches
        step = engine.step

        def interrupted_step(index, state):
            made = step(index, state)
            if index == exit:
                predictor.interrupt()
            return made

        monkeypatch.setattr(engine, "step", interrupted_step)
        return
    run = engine.new_run(BATCH)
    run.answers.fill(np.nan)
    monkeypatch.setattr(engine, "new_run", lambda batch_size: run)

    def interrupt():
        while np.isnan(run.answers[exit]).any():
            time.sleep(1e-4)  # a thread that waits is woken at once, even on a busy machine
        predictor.interrupt()

    threading.Thread(target=interrupt, daemon=True).start()


def test_no_time_for_more_than_the_first_answer(exported, monkeypatch):
    """It is computed alone where that is quicker than to stop a call over the whole network."""
    path, images, expected = exported
    monkeypatch.setattr(onnxruntime_engine, "_SOON", np.inf)
    with runtime.AnytimePredictor(path, "onnxruntime", threads=1) as predictor:
        engine = predictor._engine
        assert engine._least_seconds > 0
        with monkeypatch.context() as patched:
            patched.setattr(engine, "new_run", pytest.fail)
            engine._free.clear()
            for deadline in (0.0, 0.9 * engine._least_seconds):
                answer = predictor.predict(images[0], deadline=deadline)
                assert (answer.exit, answer.macs) == (0, predictor.macs[0])
                assert answer.late or deadline
                np.testing.assert_allclose(answer.logits, expected[0][0], atol=1e-4)
        assert predictor.predict(images[0], deadline=60.0).exit == predictor.num_exits - 1
    monkeypatch.setattr(onnxruntime_engine, "_SOON", 0.0)
    with runtime.AnytimePredictor(path, "onnxruntime", threads=1) as predictor:
        assert predictor._engine._least_seconds == 0
        assert predictor.predict(images[0], deadline=0.0).late


@pytest.mark.parametrize("engine", ENGINES, ids=", ".join)
def test_an_interrupted_run_gives_the_newest_answer(exported, engine, monkeypatch):
    path, images, expected = exported
    name, precision = engine
    if name not in [e for f in export.FORMATS for e in runtime.engines_of_format(f)]:
        pytest.skip(f"{name} is not installed")
    try:
        predictor = runtime.AnytimePredictor(path, name, precision=precision, threads=one(name))
    except ValueError as error:
        pytest.skip(str(error))  # a format that this export does not hold, no bfloat16 here
    assert predictor.in_one_call == (name in ("onnxruntime", "openvino"))

    def check(answer, images):
        logits = expected[answer.exit][: len(images)]
        atol = ENGINES[engine] * max(1.0, np.abs(logits).max())
        np.testing.assert_allclose(answer.logits, logits, atol=atol)

    predictor.predict(images)  # makes room in memory
    last, reached = len(expected) - 1, []
    # A busy machine may miss an exit now and then: it is tried until one is seen.
    for exit in [*range(last), *[0] * 300]:
        with monkeypatch.context() as patch:
            interrupt_at(predictor, exit, patch)
            answer = predictor.predict(images)
        check(answer, images)
        assert exit <= answer.exit
        reached.append(answer.exit)
        if len(reached) >= last and min(reached) < last:
            break
    assert min(reached) < last
    reached = []
    for _ in range(500):
        answer = predictor.predict(images, deadline=0.0)  # one image could be done too soon
        check(answer, images)
        assert answer.late
        reached.append(answer.exit)
        if min(reached) < last:
            return
    raise AssertionError(f"no call was stopped before the last exit: {reached}")


def one(engine):
    return None if engine == "tensorflow" else 1


@pytest.mark.parametrize("exported", [("msdnet", "pixels")], ids=", ".join, indirect=True)
def test_exits_that_come_in_another_order_are_found_and_run_link_by_link(exported, monkeypatch):
    path, images, expected = exported
    times = onnxruntime_engine._computed_at
    monkeypatch.setattr(
        onnxruntime_engine, "_computed_at", lambda *arguments: times(*arguments)[::-1]
    )
    predictor = runtime.AnytimePredictor(path, "onnxruntime")
    assert not predictor.in_one_call
    interrupt_at(predictor, 0, monkeypatch)
    answer = predictor.predict(images)
    assert answer.exit == 0
    np.testing.assert_allclose(answer.logits, expected[0], atol=1e-4 * np.abs(expected[0]).max())
