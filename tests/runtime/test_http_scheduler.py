"""Whose turn it is, and how long each run may take.

The runs of these tests claim to take whole seconds and take none, so that the machine's own delays
do not matter.
"""

import threading
from typing import ClassVar

import numpy as np
import pytest

from ann.runtime import Answer
from ann.runtime.request import Request
from ann.runtime.service.estimate import Estimate
from ann.runtime.service.scheduler import EngineFailed, Job, QueueFull, Scheduler

LATENCY = [1.0, 2.0, 3.0, 4.0, 5.0]  # seconds
TOLERANCE = 0.5  # seconds that the test itself may take


class Predictor:
    """Notes what it is asked, and answers when it is let to."""

    manifest: ClassVar = {"input": {"shape": [1], "dtype": "uint8"}}
    macs = np.array([10, 20, 30, 40, 50])

    def __init__(self):
        self.latency = np.array(LATENCY)
        self.names, self.seconds, self.requests = [], [], []
        self.may_answer, self._asked = threading.Semaphore(0), threading.Semaphore(0)

    def predict(self, image, deadline=None, *, budget_macs=None, on_start=None):
        if not isinstance(image, str):  # the warm-up
            return None
        request = Request()
        on_start(request)
        self.names.append(image)
        self.seconds.append(deadline)
        self.requests.append(request)
        self._asked.release()
        self.may_answer.acquire()
        if image == "bad":
            raise ZeroDivisionError
        return Answer(4, np.zeros(2, np.float32), 5.0, 50)

    def refine(self, image):
        for exit in range(5):
            yield Answer(exit, np.zeros(2, np.float32), LATENCY[exit], 10 * (exit + 1))

    def until_asked(self):
        assert self._asked.acquire(timeout=10)


@pytest.fixture
def predictor():
    return Predictor()


@pytest.fixture
def scheduler(predictor):
    scheduler = Scheduler(predictor, workers=1, max_waiting=8)
    yield scheduler
    predictor.may_answer.release(100)
    scheduler.close()


def job(name, seconds=None):
    made = Job(lambda: name)
    made.ends = None if seconds is None else made.arrived + seconds
    return made


def run(scheduler, predictor, *jobs):
    """Lets the jobs after the first come while the first runs; all of them are done then."""
    scheduler.submit(jobs[:1])
    predictor.until_asked()
    for one in jobs[1:]:
        scheduler.submit([one])
    predictor.may_answer.release(len(jobs))
    return [one.future.result(10) for one in jobs]


def test_a_job_alone_has_all_its_time(scheduler, predictor):
    run(scheduler, predictor, job("a", 9.0))
    run(scheduler, predictor, job("b"))
    assert predictor.seconds[0] == pytest.approx(9.0, abs=TOLERANCE)
    assert predictor.seconds[1] is None


def test_the_earliest_deadline_runs_first(scheduler, predictor):
    times = {"first": 9.0, "later": 80.0, "sooner": 70.0, "without": None}
    run(scheduler, predictor, *(job(name, seconds) for name, seconds in times.items()))
    # Without a deadline: as if within a second.
    assert predictor.names == ["first", "without", "sooner", "later"]


def test_when_more_wait_than_can_be_answered_in_full_all_go_less_deep(scheduler, predictor):
    run(scheduler, predictor, job("running", 9.0), *(job(str(n), 17.6) for n in range(4)))
    # Half of 17.6 seconds, shared by 4, 3, 2 jobs: 2.2, 2.9, 4.4. A run to an exit takes the time
    # to it and half of the next segment: 1.5, 2.5, 3.5, 4.5, 5. The last job has all its time.
    assert predictor.seconds[1:4] == [1.5, 2.5, 3.5]
    assert predictor.seconds[4] == pytest.approx(17.6, abs=TOLERANCE)


def test_two_workers_share_the_queue(predictor):
    scheduler = Scheduler(predictor, workers=2)
    scheduler.submit([job(str(n), 90.0) for n in range(2)])
    predictor.until_asked()
    predictor.until_asked()
    scheduler.submit([job(str(n), 17.6) for n in range(4)])
    predictor.may_answer.release(1)
    predictor.until_asked()
    # 8.8 seconds for 4 jobs on 2 workers, of which one is still busy: 2 / 5 of them.
    assert predictor.seconds[2] == 3.5
    predictor.may_answer.release(100)
    scheduler.close()


def test_who_cannot_be_in_time_comes_after_the_others_and_costs_them_nothing(scheduler, predictor):
    run(scheduler, predictor, job("running"), job("hopeless", 0.5), job("fine", 9.0))
    assert predictor.names == ["running", "fine", "hopeless"]
    assert predictor.seconds[1] == pytest.approx(9.0, abs=TOLERANCE)
    assert predictor.seconds[2] <= 0.5  # the first exit, then


def test_who_became_late_while_waiting_makes_all_go_to_the_first_exit(scheduler, predictor):
    became_late = job("late", 9.0)
    became_late.arrived -= 8.5
    became_late.ends -= 8.5
    run(scheduler, predictor, job("running"), became_late, job("fine", 9.0), job("late too", 0.1))
    assert predictor.names[:2] == ["running", "fine"]
    assert predictor.seconds[1] == 1.0 + 0.5


def test_an_urgent_job_makes_a_run_give_its_newest_answer(scheduler, predictor):
    scheduler.submit([job("relaxed", 30.0)])
    predictor.until_asked()
    scheduler.submit([job("as relaxed", 9.0)])  # the run in progress takes 5, a first exit 1
    assert not predictor.requests[0].interrupted
    scheduler.submit([job("urgent", 3.0)])
    assert predictor.requests[0].interrupted


def test_a_run_without_a_deadline_is_not_cut_short(scheduler, predictor):
    scheduler.submit([job("patient")])
    predictor.until_asked()
    scheduler.submit([job("urgent", 3.0)])
    assert not predictor.requests[0].interrupted


def test_a_full_queue_refuses_all_or_nothing(scheduler, predictor):
    scheduler.submit([job("running")])
    predictor.until_asked()
    scheduler.submit([job(str(index), 10.0) for index in range(7)])
    with pytest.raises(QueueFull, match="at most 8 images may wait. Received: 2, while 7 wait"):
        scheduler.submit([job("a", 1.0), job("b", 1.0)])
    assert not scheduler.full
    scheduler.submit([job("last", 10.0)])
    assert scheduler.full


def test_what_fails_fails_its_job_alone(scheduler, predictor, caplog):
    def no_image():
        raise ValueError("no image")

    broken, bad, good = Job(no_image), job("bad"), job("good")
    scheduler.submit([broken])
    scheduler.submit([bad])
    scheduler.submit([good])
    predictor.may_answer.release(2)
    with pytest.raises(ValueError, match="no image"):
        broken.future.result(10)
    with pytest.raises(EngineFailed):
        bad.future.result(10)
    assert good.future.result(10).exit == 4
    assert "ZeroDivisionError" in caplog.text


def test_a_job_that_nobody_waits_for_any_more_is_not_run(scheduler, predictor):
    running, left, wanted = job("running"), job("left"), job("wanted")
    scheduler.submit([running])
    predictor.until_asked()
    scheduler.submit([left])
    scheduler.submit([wanted])
    left.future.cancel()
    predictor.may_answer.release(2)
    wanted.future.result(10)
    assert predictor.names == ["running", "wanted"]


def test_answers_beyond_deadline_or_budget_are_marked(scheduler, predictor):
    late = job("late", -1.0)
    dear = Job(lambda: "dear", budget_macs=49)
    fine = Job(lambda: "fine", budget_macs=50)
    assert [x.late for x in run(scheduler, predictor, late, dear, fine)] == [True, True, False]


@pytest.mark.parametrize(("budget", "exits"), [(None, 5), (35, 3), (5, 1)])
def test_refining_goes_to_the_budget(scheduler, budget, exits):
    answers = []
    one = Job(lambda: "x", budget_macs=budget, on_answer=lambda x: answers.append(x) or True)
    scheduler.submit([one])
    assert one.future.result(10).exit == exits - 1
    assert [answer.exit for answer in answers] == list(range(exits))


def test_refining_ends_when_nobody_wants_more(scheduler):
    one = Job(lambda: "x", on_answer=lambda answer: answer.exit < 2)
    scheduler.submit([one])
    assert one.future.result(10).exit == 2


def test_closing_answers_those_that_wait():
    predictor = Predictor()
    predictor.may_answer.release(3)
    scheduler = Scheduler(predictor, workers=2)
    jobs = [job(str(index), 10.0) for index in range(3)]
    scheduler.submit(jobs)
    scheduler.close()
    assert all(one.future.done() for one in jobs)
    assert not any(thread.is_alive() for thread in scheduler._threads)


def test_the_pace_is_that_of_the_predictor(scheduler, predictor):
    predictor.latency = 4 * predictor.latency
    run(scheduler, predictor, job("running", 90.0), job("a", 25.0), job("b", 25.0))
    # 12.5 seconds for two: 6.2 for each, which is 1.5 times 4 and not 2.5 times 4.
    assert predictor.seconds[-2] == pytest.approx(1.5 * 4, rel=1e-2)


def test_an_estimate_bounds_what_it_has_seen():
    estimate = Estimate(0.0, most=1.0)
    for value in (0.1, 0.2, 0.1, 0.2) * 10:
        estimate.note(value)
    assert estimate.mean == pytest.approx(0.15, abs=0.02)
    assert 0.2 < estimate.bound < 0.5
    for _ in range(20):
        estimate.note(100.0)
    assert estimate.bound == 1.0
