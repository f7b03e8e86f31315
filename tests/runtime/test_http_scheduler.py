"""Whose turn it is, and how deep each run may go."""

import threading
import time

import numpy as np
import pytest

from ann.runtime import Answer
from ann.runtime.request import Request
from ann.runtime.service.estimate import Estimate
from ann.runtime.service.scheduler import EngineFailed, Job, QueueFull, Scheduler

SEGMENT = 0.02  # seconds
EXITS = 5


class SleepingPredictor:
    """Takes `SEGMENT` for each of its exits; the image is a name that it notes."""

    latency = SEGMENT * np.arange(1, EXITS + 1)
    manifest = {"input": {"shape": [1], "dtype": "uint8"}}

    def __init__(self):
        self.order = []

    def predict(self, image, deadline=None, *, budget_macs=None, on_start=lambda request: None):
        began = time.perf_counter()
        request = Request(None if deadline is None else began + deadline)
        on_start(request)
        if isinstance(image, str):
            self.order.append(image)
        for exit in range(EXITS if isinstance(image, str) else 1):
            stop = time.perf_counter() + SEGMENT
            while time.perf_counter() < stop:
                over = request.interrupted or (deadline is not None and not request.may_start(0))
                if exit and over:
                    return self._answer(exit - 1, began)
                time.sleep(0.001)
        return self._answer(exit, began)

    def _answer(self, exit, began):
        return Answer(exit, np.zeros(2, np.float32), time.perf_counter() - began, 10 * (exit + 1))


@pytest.fixture
def predictor():
    return SleepingPredictor()


@pytest.fixture
def scheduler(predictor):
    scheduler = Scheduler(predictor, workers=1, max_waiting=8)
    yield scheduler
    scheduler.close()


def job(name, seconds=None):
    ends = None if seconds is None else time.perf_counter() + seconds
    return Job(lambda: name, ends)


def submit(scheduler, *jobs):
    """The answers to jobs that come while the first of them runs."""
    for index, one in enumerate(jobs):
        scheduler.submit([one])
        while not index and not one.started:
            time.sleep(1e-4)
    return [one.future.result(10) for one in jobs]


def test_a_job_alone_runs_to_the_last_exit(scheduler):
    (with_time, without) = submit(scheduler, job("a", 10.0), job("b"))
    assert (with_time.exit, with_time.late) == (EXITS - 1, False)
    assert without.exit == EXITS - 1


def test_the_earliest_deadline_runs_first(scheduler, predictor):
    names = {"first": 9.0, "later": 8.0, "sooner": 7.0, "without": None}
    answers = submit(scheduler, *(job(name, seconds) for name, seconds in names.items()))
    # Without a deadline: as if within a second.
    assert predictor.order == ["first", "without", "sooner", "later"]
    assert [answer.exit for answer in answers] == [EXITS - 1] * 4


def test_when_more_wait_than_can_be_answered_in_full_all_go_less_deep_and_none_is_late(scheduler):
    # Five full runs take 25 segments, the deadline is after 17.
    answers = submit(scheduler, *(job(str(index), 17 * SEGMENT) for index in range(5)))
    exits = [answer.exit for answer in answers]
    assert not any(answer.late for answer in answers)
    assert 0 < np.mean(exits) < EXITS - 1


def test_who_cannot_be_in_time_gets_the_first_exit_after_the_others(scheduler, predictor):
    running, hopeless, fine = job("running"), job("hopeless", SEGMENT / 10), job("fine", 9.0)
    _, late, timely = submit(scheduler, running, hopeless, fine)
    assert predictor.order == ["running", "fine", "hopeless"]
    assert (late.exit, late.late) == (0, True)
    assert (timely.exit, timely.late) == (EXITS - 1, False)


def test_an_urgent_job_makes_a_run_give_its_newest_answer(scheduler):
    relaxed, urgent = job("relaxed", 10.0), job("urgent", 10.0)
    scheduler.submit([relaxed])
    time.sleep(1.5 * SEGMENT)
    urgent.ends = time.perf_counter() + 4 * SEGMENT  # the run in progress needs 3.5, a first exit 1
    scheduler.submit([urgent])
    assert relaxed.future.result(10).exit < EXITS - 1
    assert not relaxed.future.result().late
    assert not urgent.future.result(10).late


def test_a_run_without_a_deadline_is_not_cut_short(scheduler):
    patient, urgent = job("patient"), job("urgent", 2 * SEGMENT)
    assert submit(scheduler, patient, urgent)[0].exit == EXITS - 1


def test_a_full_queue_refuses_all_or_nothing(scheduler):
    running = job("running")
    scheduler.submit([running])
    while not running.started:
        time.sleep(0.001)
    scheduler.submit([job(str(index), 10.0) for index in range(7)])
    with pytest.raises(QueueFull, match="at most 8 images may wait. Received: 2, while 7 wait"):
        scheduler.submit([job("a", 1.0), job("b", 1.0)])
    scheduler.submit([job("last", 10.0)])
    assert scheduler.full


def test_an_image_that_cannot_be_made_fails_its_job_alone(scheduler):
    def broken():
        raise ValueError("no image")

    bad, good = Job(broken), job("good")
    scheduler.submit([bad])
    scheduler.submit([good])
    with pytest.raises(ValueError, match="no image"):
        bad.future.result(10)
    assert good.future.result(10).exit == EXITS - 1


def test_an_engine_that_fails_fails_its_job_alone(scheduler, predictor, caplog):
    predict = predictor.predict
    predictor.predict = lambda image, *a, **k: 1 // 0 if image == "bad" else predict(image, *a, **k)
    bad, good = job("bad"), job("good")
    scheduler.submit([bad])
    scheduler.submit([good])
    with pytest.raises(EngineFailed):
        bad.future.result(10)
    assert good.future.result(10).exit == EXITS - 1
    assert "ZeroDivisionError" in caplog.text


def test_closing_answers_those_that_wait(predictor):
    scheduler = Scheduler(predictor, workers=2)
    jobs = [job(str(index), 10.0) for index in range(3)]
    scheduler.submit(jobs)
    scheduler.close()
    assert all(one.future.done() for one in jobs)
    assert not any(thread.name.startswith("predict-") for thread in threading.enumerate())


def test_the_pace_of_a_busy_machine_is_learned(predictor):
    predictor.latency = predictor.latency / 4  # measured when the machine was four times as fast
    scheduler = Scheduler(predictor, workers=1)
    for _ in range(12):
        submit(scheduler, job("warm", 10.0))
    # Two runs of the true length do not fit; by the table they would.
    answers = submit(scheduler, *(job(str(index), 1.5 * EXITS * SEGMENT) for index in range(2)))
    assert not any(answer.late for answer in answers)
    scheduler.close()


def test_an_estimate_bounds_what_it_has_seen():
    estimate = Estimate(0.0, most=1.0)
    for value in (0.1, 0.2, 0.1, 0.2) * 10:
        estimate.note(value)
    assert estimate.mean == pytest.approx(0.15, abs=0.02)
    assert 0.2 < estimate.bound < 0.5
    for _ in range(20):
        estimate.note(100.0)
    assert estimate.bound == 1.0
