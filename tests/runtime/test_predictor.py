"""The promises of the runtime: an answer at any moment, never none, and what it refuses."""

import pathlib
import pickle
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from ann import export, models, runtime
from ann.runtime.early_exit import run_early_exit
from ann.runtime.engine import Engine
from ann.runtime.latency import LatencyEstimate

ENGINES = [engine for format in export.FORMATS for engine in runtime.engines_of_format(format)]
ROOT = pathlib.Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    model = models.build("resann-n2-c8", num_classes=10)
    path = tmp_path_factory.mktemp("runtime") / "export"
    export.export(model, path, ["saved_model", "onnx", "litert"])
    return path


@pytest.fixture(scope="module")
def predictors(path):
    return {engine: runtime.AnytimePredictor(path, engine=engine) for engine in ENGINES}


@pytest.fixture(params=ENGINES)
def predictor(request, predictors):
    return predictors[request.param]


@pytest.fixture
def image():
    return np.random.default_rng(0).normal(size=(32, 32, 3)).astype("float32")


class Slow(Engine):
    """Links of a known length, each answering with its index."""

    def __init__(self, seconds):
        self.seconds, self.started, self.answered = seconds, [], []

    def begin(self, inputs):
        return list(inputs)

    def step(self, index, state):
        self.started.append(index)
        time.sleep(self.seconds)
        return state, np.full((len(state[0]), 10), index, "float32")

    def advance(self, index, state):
        return self.step(index, state)[0]

    def answer(self, index, state):
        self.answered.append(index)
        return np.full((len(state[0]), 10), index, "float32")

    def select(self, state, rows):
        return [x[rows] for x in state]


@pytest.fixture
def slow(path, monkeypatch):
    """A predictor whose links take 100 ms each; times below leave 40 ms to a busy machine."""
    predictor = runtime.AnytimePredictor(path, engine="onnxruntime")
    predictor._engine = Slow(0.1)
    return predictor


def test_refine_yields_every_exit_in_order(predictor, image):
    answers = list(predictor.refine(image))
    assert [a.exit for a in answers] == list(range(6))
    assert [a.macs for a in answers] == predictor.macs.tolist()
    assert {(a.logits.shape, a.logits.dtype.name) for a in answers} == {((10,), "float32")}
    seconds = [0, *(a.seconds for a in answers)]
    assert seconds == sorted(seconds)


def test_predict_without_a_deadline_gives_the_last_exit(predictor, image):
    answer = predictor.predict(image)
    assert answer.exit == 5
    assert not answer.late
    np.testing.assert_allclose(answer.logits, list(predictor.refine(image))[-1].logits, atol=1e-4)
    batch = predictor.predict(np.stack([image, 2 * image]))
    assert batch.logits.shape == (2, 10)
    np.testing.assert_allclose(batch.logits[0], answer.logits, atol=1e-4)


@pytest.mark.parametrize("background", [False, True])
def test_no_time_at_all_still_gives_the_first_answer_marked_late(predictor, image, background):
    answer = predictor.predict(image, deadline=0.0, background=background)
    assert answer.exit in range(6)
    assert np.isfinite(answer.logits).all()
    assert answer.late


@pytest.mark.parametrize("background", [False, True])
@pytest.mark.parametrize("deadline", [float("inf"), 1e12])
def test_no_deadline_is_too_far_away(predictor, image, deadline, background):
    assert predictor.predict(image, deadline=deadline, background=background).exit == 5
    assert predictor.predict(image, deadline=0.0).late  # deadlines are still kept


def test_answers_that_are_not_numbers_are_answers(predictors, image):
    """Numbers that overflow in the network must not keep a run from being stopped."""
    predictor = predictors["onnxruntime"]
    batch = np.full((300, 32, 32, 3), 3e38, "float32")
    assert not np.isfinite(predictor.predict(batch).logits).any()
    assert predictor.predict(batch, deadline=0.004).exit < 5  # the first exit alone takes longer


def test_answers_under_any_deadline_are_those_of_the_exits(predictor, image):
    expected = [answer.logits for answer in predictor.refine(image)]
    full = predictor.measure_latency()[-1]
    assert (np.diff(predictor.latency) > 0).all()
    seen = set()
    for deadline in np.random.default_rng(0).uniform(0, 2 * full, 200):
        answer = predictor.predict(image, deadline=deadline)
        seen.add(answer.exit)
        np.testing.assert_allclose(answer.logits, expected[answer.exit], atol=1e-4)
    assert len(seen) > 1


def test_a_deadline_ends_the_run_between_links(slow, image):
    assert slow.predict(image, deadline=0.25).exit == 2
    assert slow._engine.started == [0, 1, 2]  # the third began at 0.2 and ended at 0.3


def test_a_link_that_would_end_late_is_not_started_unless_told(slow, image):
    slow._latency[False] = LatencyEstimate(np.arange(0.1, 0.65, 0.1))
    answer = slow.predict(image, deadline=0.26)
    assert answer.exit == 1
    assert answer.seconds < 0.26
    answer = slow.predict(image, deadline=0.26, background=True)
    assert answer.exit == 1
    assert 0.26 <= answer.seconds < 0.3  # the third was in progress, and is left behind
    assert slow._engine.started == [0, 1, 0, 1, 2]


def test_lazy_heads_are_computed_when_time_is_up(slow, image):
    answer = slow.predict(image, deadline=0.25, lazy_heads=True)
    assert answer.exit == 2
    assert answer.late  # the head came after the deadline
    assert answer.macs == slow.macs_lazy[2] < slow.macs[2]
    assert slow._engine.answered == [2]
    answers = []
    caller = threading.Thread(target=lambda: answers.append(slow.predict(image, lazy_heads=True)))
    caller.start()
    time.sleep(0.25)
    slow.interrupt()
    caller.join()
    assert answers[0].exit in (1, 2)
    assert len(slow._engine.answered) == 2
    slow._engine.started.clear()
    answer = slow.predict(image, deadline=0.26, lazy_heads=True, background=True)
    assert answer.exit == 1
    assert slow._engine.started == [0, 1, 2]  # the third was in progress, and is left behind


def test_time_is_kept_for_the_head_once_its_latency_is_measured(slow, image):
    slow._latency[True] = LatencyEstimate(np.arange(0.1, 0.65, 0.1), np.full(6, 0.1))
    answer = slow.predict(image, deadline=0.36, lazy_heads=True)
    assert answer.exit == 1  # the third would leave 60 ms for its head
    assert not answer.late


def test_latency_with_lazy_heads(predictor):
    seconds = predictor.measure_latency(lazy_heads=True)
    assert seconds.shape == (6,)
    assert (seconds > 0).all()
    image = np.zeros((32, 32, 3), "float32")
    assert predictor.predict(image, deadline=60.0, lazy_heads=True).exit == 5


def test_budget_in_macs(predictor, image):
    macs = predictor.macs
    assert predictor.predict(image, budget_macs=macs[3]).exit == 3
    assert predictor.predict(image, budget_macs=macs[3] - 1).exit == 2
    assert predictor.predict(image, budget_macs=macs[-1]).exit == 5
    answer = predictor.predict(image, budget_macs=1)
    assert answer.exit == 0
    assert answer.late


@pytest.mark.parametrize("background", [False, True])
def test_interrupt_returns_the_newest_answer(slow, image, background):
    answers = []
    caller = threading.Thread(
        target=lambda: answers.append(slow.predict(image, background=background))
    )
    caller.start()
    time.sleep(0.25)
    slow.interrupt()
    caller.join()
    assert answers[0].exit in (1, 2)
    assert answers[0].seconds < 0.4  # all take 0.6


def test_interrupt_stops_a_whole_network_run(predictors):
    predictor = predictors["onnxruntime"]
    batch = np.zeros((1000, 32, 32, 3), "float32")
    predictor.predict(batch)  # makes room in memory
    full = predictor.predict(batch).seconds
    answers = []
    caller = threading.Thread(target=lambda: answers.append(predictor.predict(batch)))
    caller.start()
    time.sleep(full / 10)
    predictor.interrupt()
    caller.join()
    assert answers[0].exit < 5


def test_many_threads_share_a_predictor(predictor, image):
    expected = [answer.logits for answer in predictor.refine(image)]
    wrong = []

    def client(seed):
        random = np.random.default_rng(seed)
        for _ in range(20):
            answer = predictor.predict(image, deadline=random.uniform(0, 0.01))
            if not np.allclose(answer.logits, expected[answer.exit], atol=1e-4):
                wrong.append(answer)

    threads = [threading.Thread(target=client, args=(seed,)) for seed in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not wrong


def test_early_exit_keeps_the_order_and_computes_only_what_is_left(predictor):
    batch = np.random.default_rng(0).normal(size=(8, 32, 32, 3)).astype("float32")
    every = np.stack([answer.logits for answer in predictor.refine(batch)])
    confidences = np.exp(every).max(-1) / np.exp(every).sum(-1)
    thresholds = np.median(confidences, axis=1)
    left = predictor.early_exit(batch, thresholds)
    by_hand = np.argmax(
        np.vstack([confidences[:-1] >= thresholds[:-1, None], np.ones((1, 8), bool)]), axis=0
    )
    assert len(set(by_hand)) > 1
    np.testing.assert_array_equal(left.exits, by_hand)
    np.testing.assert_allclose(left.logits, every[by_hand, np.arange(8)], atol=1e-4)
    np.testing.assert_array_equal(left.macs, predictor.macs[by_hand])


def test_samples_that_left_are_not_computed(slow):
    sizes = []
    step = slow._engine.step
    slow._engine.step = lambda index, state: (sizes.append(len(state[0])), step(index, state))[1]
    slow._engine.seconds = 0.0
    slow.early_exit(
        np.zeros((4, 32, 32, 3), "float32"), [2.0, 0.0, 2.0, 2.0, 2.0, 2.0]
    )  # equal logits: confidence 0.1
    assert sizes == [4, 4]


def test_what_is_refused(predictor, image):
    for bad in (image[:16], image.astype("uint8"), np.stack([image])[:0], image[..., :1]):
        with pytest.raises(ValueError, match="images must be .*Received: images of"):
            predictor.predict(bad)
    for deadline in (-1.0, float("nan"), "5", True, [0.1]):
        with pytest.raises(ValueError, match="Received: deadline="):
            predictor.predict(image, deadline=deadline)
    with pytest.raises(ValueError, match="one number for each of 6 exits"):
        predictor.early_exit(image[None], [0.5])
    with pytest.raises(ValueError, match="thresholds must be numbers"):
        predictor.early_exit(image[None], [float("nan")] * 6)
    with pytest.raises(TypeError, match="give other processes the path"):
        pickle.dumps(predictor)
    with pytest.raises(ValueError, match="images must be finite"):
        predictor.predict(np.full_like(image, np.nan))
    for budget in (-1.0, float("nan"), "1e6"):
        with pytest.raises(ValueError, match="Received: budget_macs="):
            predictor.predict(image, budget_macs=budget)


@pytest.mark.parametrize("threads", [0, -1, 1.5, True])
def test_threads_are_a_whole_number(path, threads):
    with pytest.raises(ValueError, match="Received: threads="):
        runtime.AnytimePredictor(path, "onnxruntime", threads=threads)


def test_answers_that_are_not_numbers_are_not_certain():
    class Broken(Slow):
        def step(self, index, state):
            return state, np.full((len(state[0]), 10), np.nan, "float32")

    left = run_early_exit(Broken(0), [np.zeros((2, 1))], [0.0, 0.0, 0.0], 10, np.arange(3))
    assert left.exits.tolist() == [2, 2]


def test_close_ends_calls_and_leaves_no_thread(path, image):
    before = threading.active_count()
    for _ in range(3):
        with runtime.AnytimePredictor(path, "onnxruntime", threads=1) as predictor:
            predictor.predict(image, deadline=1.0)
            predictor.predict(image, deadline=1.0, background=True)
    with pytest.raises(RuntimeError, match="closed"):
        predictor.predict(image)
    predictor = runtime.AnytimePredictor(path, "onnxruntime", threads=1)
    answers = predictor.refine(image)
    next(answers)
    predictor.close()
    with pytest.raises(RuntimeError, match="closed"):
        next(answers)
    time.sleep(0.1)
    assert threading.active_count() <= before + 1  # the watchdog of the process


@pytest.mark.parametrize("engine", [engine for engine in ENGINES if engine != "tensorflow"])
def test_a_forked_process_keeps_its_deadlines(path, engine):
    """Its own process: pytest's has threads of its own."""
    code = f"""
import os, numpy as np
from ann import runtime
predictor = runtime.AnytimePredictor({str(path)!r}, {engine!r}, threads=1)
image = np.zeros((32, 32, 3), "float32")
predictor.predict(image, deadline=1.0)
if os.fork() == 0:
    assert predictor.predict(image, deadline=0.0).late
    assert predictor.predict(image, deadline=60.0, background=True).exit == 5
    os._exit(7)
assert os.waitstatus_to_exitcode(os.wait()[1]) == 7
"""
    command = [sys.executable, "-W", "ignore", "-c", code]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr


def test_engines_are_chosen_and_refused(path, tmp_path):
    assert runtime.AnytimePredictor(path).engine == "onnxruntime"
    with pytest.raises(ValueError, match="Received: engine='torch'"):
        runtime.AnytimePredictor(path, engine="torch")
    export.export(
        models.build("resann-n1-c4", num_classes=3, input_shape=(16, 16, 3)), tmp_path / "e"
    )
    assert runtime.AnytimePredictor(tmp_path / "e").engine == "tensorflow"
    with pytest.raises(ValueError, match="runs exports as 'onnx'"):
        runtime.AnytimePredictor(tmp_path / "e", engine="onnxruntime")


def test_a_folder_that_is_not_whole_is_refused(path, tmp_path):
    import shutil

    with pytest.raises(runtime.ExportError, match=r"holds a manifest\.json"):
        runtime.AnytimePredictor(tmp_path)
    copy = tmp_path / "copy"
    shutil.copytree(path, copy)
    file = copy / "segment_01.onnx"
    original = file.read_bytes()
    file.write_bytes(original[:-1] + b"!")
    with pytest.raises(runtime.ExportError, match="not the one that was exported"):
        runtime.AnytimePredictor(copy)
    file.unlink()
    with pytest.raises(runtime.ExportError, match="lacks a file"):
        runtime.AnytimePredictor(copy)
    file.write_bytes(original)
    (copy / "notes.txt").write_text("mine")
    with pytest.raises(runtime.ExportError, match="not one of the export.*'notes.txt'"):
        runtime.AnytimePredictor(copy)
    (copy / "notes.txt").unlink()
    file.unlink()
    file.symlink_to(path / "segment_01.onnx")
    with pytest.raises(runtime.ExportError, match="no links"):
        runtime.AnytimePredictor(copy)


@pytest.mark.parametrize("engine", ENGINES)
def test_runs_without_keras_and_without_our_training_code(
    path, engine, image, tmp_path, predictors
):
    """In a process that has `ann.runtime` alone."""
    import shutil

    shutil.copytree(ROOT / "ann/runtime", tmp_path / "ann/runtime")
    (tmp_path / "ann/__init__.py").write_text("")
    np.save(tmp_path / "image.npy", image)
    code = f"""
import sys
import numpy as np
from ann import runtime
assert runtime.__file__.startswith({str(tmp_path)!r})
answer = runtime.AnytimePredictor({str(path)!r}, engine={engine!r}).predict(np.load("image.npy"))
np.save("logits.npy", answer.logits)
heavy = set() if {engine!r} == "tensorflow" else {{"keras", "tensorflow"}}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    np.testing.assert_allclose(
        np.load(tmp_path / "logits.npy"), predictors[engine].predict(image).logits, atol=1e-4
    )
