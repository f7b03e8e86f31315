"""Which request runs next, and for how long: earliest deadline first, the depth by the queue.

An anytime network has no fixed service time: a request can be answered at any exit. So when more
requests wait than the cores can answer in full, every one of them gets a shallower exit, and none
comes late.
"""

import bisect
import collections
import concurrent.futures
import dataclasses
import functools
import itertools
import logging
import threading
import time

import numpy as np

from ann.runtime.predictor import Answer
from ann.runtime.service.estimate import Estimate

# A request that waits is planned to wait for half of the time that it has; the other half is for
# what the plan does not know: bursts, a busy machine.
_PLANNED = 0.5
# What takes longer is a machine that does something else; no margin helps there.
_MAX_MARGIN_SECONDS = 1e-3
# Until a request goes before others: one without a deadline, one that is late already.
_PATIENCE_SECONDS = 1.0
_LATE_PATIENCE_SECONDS = 0.25

_LOG = logging.getLogger(__name__)


class QueueFull(Exception):
    """No further image may wait."""


class EngineFailed(Exception):
    """The engine raised an error, which is in the log."""


@dataclasses.dataclass(eq=False)
class Job:
    """One image to be answered.

    Attributes:
        image: function that makes the image, run on the worker's thread.
        ends: `time.perf_counter()` at which the answer is wanted, or None.
        budget_macs: multiply-accumulates to spend, or None.
        on_answer: if given, it is called with every `Answer` as it comes, from the worker's thread,
            and returns whether to go on.
        future: of the last `Answer`, `late` if it came after `ends` or exceeds the budget.
        arrived: when the job was submitted.
        request: `Request` of the run, once it is in progress.
        started, stops: when the run began, and when it should end.
        answered: when the answer was there.
    """

    image: collections.abc.Callable
    ends: float | None = None
    budget_macs: float | None = None
    on_answer: collections.abc.Callable | None = None
    future: concurrent.futures.Future = dataclasses.field(default_factory=concurrent.futures.Future)
    arrived: float = dataclasses.field(default_factory=time.perf_counter)
    request: object = None
    started: float = 0.0
    stops: float = 0.0
    answered: float = 0.0

    @property
    def order(self) -> float:
        return self.arrived + _PATIENCE_SECONDS if self.ends is None else self.ends

    def marked(self, answer: Answer) -> Answer:
        """The answer, `late` if it came after the deadline or exceeds the budget."""
        late = self.ends is not None and time.perf_counter() > self.ends
        late = late or (self.budget_macs is not None and answer.macs > self.budget_macs)
        return dataclasses.replace(answer, late=late)


class Scheduler:
    """Runs jobs on a few threads, the one with the earliest deadline first.

    A job gets the largest share of time `T` with which, if every waiting job took `T`, each would
    keep its deadline: `now + T * (jobs before it) / workers <= deadline`. A job that cannot be in
    time even at the first exit is answered at the first exit, after those that can. A job that
    arrives with less time than the runs in progress still need makes one of them give its newest
    answer at once.

    Args:
        predictor: `AnytimePredictor` whose latency is measured, and follows what its calls take.
        workers: threads, each of which runs a job at a time.
        max_waiting: jobs that may wait.
    """

    def __init__(self, predictor, workers: int, max_waiting: int = 256):
        self._predictor, self._workers, self._max_waiting = predictor, workers, max_waiting
        # A run that is stopped has on average begun half of the segment after its last exit.
        latency = np.asarray(predictor.latency)
        half_segments = np.diff(latency, append=latency[-1]) / 2
        self._seconds = (latency + half_segments).tolist()
        self._last = len(self._seconds) - 1
        self._whole = float(latency[-1])
        # Seconds from the end of a run's time to its answer, and from there until it is sent.
        self._stopping = Estimate(0.0, _MAX_MARGIN_SECONDS)
        self._reply = Estimate(0.0, _MAX_MARGIN_SECONDS)
        self._waiting = []  # (order, number, job), sorted
        self._late = collections.deque()
        self._running = set()
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._closed = False
        self._all_warm = threading.Barrier(workers + 1)
        self._threads = [
            threading.Thread(target=self._work, name=f"predict-{index}", daemon=True)
            for index in range(workers)
        ]
        for thread in self._threads:
            thread.start()
        self._all_warm.wait()

    @property
    def waiting(self) -> int:
        """Number of jobs that wait."""
        return len(self._waiting) + len(self._late)

    @property
    def full(self) -> bool:
        """Whether no further job may wait."""
        return self.waiting >= self._max_waiting

    def submit(self, jobs) -> None:
        """Lets jobs wait for their turn, all of them or none.

        Raises:
            QueueFull: there is no room for all of them.
        """
        with self._changed:
            if self.waiting + len(jobs) > self._max_waiting:
                raise QueueFull(
                    f"at most {self._max_waiting} images may wait. "
                    f"Received: {len(jobs)}, while {self.waiting} wait"
                )
            for job in jobs:
                bisect.insort(self._waiting, (job.order, next(self._numbers), job))
            self._make_way_for(self._waiting[0][-1])
            self._changed.notify(len(jobs))

    def note_reply(self, seconds: float) -> None:
        """Says how long an answer took from the worker's thread to the client's connection."""
        self._reply.note(seconds)

    def close(self) -> None:
        """Ends the threads when the jobs that wait are done."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self):
        self._warm_up()
        while (job := self._next()) is not None:
            if job.future.set_running_or_notify_cancel():
                self._answer(job)
            with self._changed:
                self._running.discard(job)

    def _warm_up(self):
        """The first run on a thread may take longer: an engine may keep something for each."""
        taken = self._predictor.manifest["input"]
        try:
            self._predictor.predict(np.zeros(taken["shape"], taken["dtype"]))
        finally:
            self._all_warm.wait()

    def _next(self):
        """Waits for the job whose turn it is; None when the scheduler is closed."""
        with self._changed:
            while not self.waiting:
                if self._closed:
                    return None
                self._changed.wait()
            job = self._take()
            self._running.add(job)
            return job

    def _take(self):
        now = time.perf_counter()
        if self._late and self._late[0].ends + _LATE_PATIENCE_SECONDS < now:
            return self._late.popleft()
        needed = self._run_seconds(0)
        while self._waiting:
            job = self._waiting.pop(0)[-1]
            if job.ends is None or job.ends - now >= needed:
                return job
            self._late.append(job)
        return self._late.popleft()

    def _margin(self):
        """Seconds before a deadline at which a run has to be told to stop."""
        return self._stopping.bound + self._reply.bound

    def _pace(self):
        """Seconds that a run takes by now, over those of the table."""
        return float(self._predictor.latency[-1]) / self._whole

    def _run_seconds(self, exit):
        return self._pace() * self._seconds[exit]

    def _share(self, job):
        """Seconds for the run of a job; None: as long as it takes."""
        if job.ends is None:
            return None
        now = time.perf_counter() + self._margin()
        own, first = max(0.0, job.ends - now), self._run_seconds(0)
        # Who has become late while it waited shows that too much came: first exits for all.
        overrun = any(x.ends - x.arrived >= first for x in self._late)
        share = first if overrun else own
        for place, (_, _, other) in enumerate(self._waiting, start=1 + self._workers):
            if other.ends is not None and other.ends - now >= first:
                seconds = _PLANNED * (other.ends - now) * self._workers / place
                share = min(share, max(seconds, first))
        exit = bisect.bisect_right(self._seconds, share / self._pace()) - 1
        if exit in (-1, self._last):
            return own
        return min(own, self._run_seconds(exit))

    def _make_way_for(self, job):
        """Interrupts a run if the next job would come too late for its first exit otherwise."""
        if job.ends is None or len(self._running) < self._workers:
            return
        latest_start = job.ends - self._margin() - self._run_seconds(0)
        may_stop = [x for x in self._running if x.request is not None and x.ends is not None]
        if may_stop and min(x.stops for x in self._running) > latest_start:
            min(may_stop, key=lambda x: x.started).request.interrupt()

    def _answer(self, job):
        try:
            image = job.image()
            with self._changed:
                seconds = self._share(job)
                job.started = time.perf_counter()
                full = self._run_seconds(self._last)
                job.stops = job.started + (full if seconds is None else min(seconds, full))
            answer = self._ask(job, image, seconds)
        except Exception as error:  # it belongs to whoever waits for the answer
            job.future.set_exception(error)
            return
        job.answered = time.perf_counter()
        job.future.set_result(job.marked(answer))

    def _ask(self, job, image, seconds):
        try:
            return self._refine(job, image) if job.on_answer else self._run(job, image, seconds)
        except Exception as error:
            _LOG.exception("the engine failed")
            raise EngineFailed("the engine failed; the log of the service says why") from error

    def _run(self, job, image, seconds) -> Answer:
        answer = self._predictor.predict(
            image,
            seconds,
            budget_macs=job.budget_macs,
            on_start=functools.partial(setattr, job, "request"),
        )
        if seconds is not None:
            stopped = not answer.late and answer.exit < self._last
            excess = max(0.0, answer.seconds - seconds) if stopped else self._stopping.mean
            self._stopping.note(excess)
        return answer

    def _refine(self, job, image) -> Answer:
        count = len(self._seconds)
        if job.budget_macs is not None:
            count = max(1, int(np.searchsorted(self._predictor.macs, job.budget_macs, "right")))
        for answer in itertools.islice(self._predictor.refine(image), count):
            too_late = job.ends is not None and time.perf_counter() > job.ends
            if not job.on_answer(job.marked(answer)) or too_late:
                break
        return answer
