"""`AnytimePredictor`: the best answer so far, at any moment."""

import concurrent.futures
import contextlib
import dataclasses
import numbers
import os
import threading
import time

import numpy as np

from ann.runtime import manifest as manifests
from ann.runtime import threads as thread_counts
from ann.runtime.early_exit import EarlyExits, run_early_exit
from ann.runtime.engines import choose, engine_class
from ann.runtime.forks import never_take_down_in_children
from ann.runtime.inputs import batch_of, inputs_of, zeros_of
from ann.runtime.latency import LatencyEstimate
from ann.runtime.request import Request

_POLL_SECONDS = 1e-4
_MAX_IN_BACKGROUND = 256  # requests at a time; more wait for their turn
_PROFILE_ROUNDS = 20


@dataclasses.dataclass(frozen=True)
class Answer:
    """What an exit said.

    Attributes:
        exit: 0-based index of the exit.
        logits: float32 `(num_classes,)` for an image, `(batch, num_classes)` for a batch; of a
            network that answers for each position `(..., num_classes)`, `(batch, ...,
            num_classes)`.
        seconds: from the call to the answer.
        macs: multiply-accumulates spent for one image, exits before this one included; None where
            they are not known.
        late: whether there was no answer yet at the deadline, or none within the budget.
    """

    exit: int
    logits: np.ndarray
    seconds: float
    macs: int | None
    late: bool = False


class AnytimePredictor:
    """Runs an exported anytime network so that it can be asked for its answer at any time.

    Several threads may share a predictor; each call is a run of its own. A process that was forked
    opens the export again at its first call, since the threads of an engine do not survive a fork.

    Args:
        path: folder written by `ann.export.export`.
        engine: one of `ENGINES`, or "auto": the first of these that is installed and exported.
        threads: of the engine for one run; default as many as are measured to pay. TensorFlow's are
            set with `tf.config.threading`.
        precision: in which to compute: "float32", or "bfloat16" (OpenVINO) on a processor that has
            it; an export in int8 is computed in int8. Default that of the export.
        measure_latency: whether to measure `latency` at once.

    Attributes:
        manifest: the export's `manifest.json` as a dict.
        engine: name of the engine in use.
        precision, threads: of the engine; threads are None for TensorFlow.
        in_one_call: whether `predict` computes the whole network in one call that is stopped at the
            deadline, and not link by link.
        num_exits, exit_names, num_classes: of the network.
        input_shape: of one input without the batch; None where the network has several.
        input_names: names of several inputs, in order; [None] for one.
        macs: int array `(num_exits,)`, spent up to each exit; None where they are not known.
        macs_lazy: the same with the head of this exit alone (`lazy_heads`).
        latency: float array `(num_exits,)`, seconds to each exit for one image, once measured, then
            scaled to what calls take by now; else None.

    Raises:
        ExportError: the folder is not a whole export, or the engine cannot run it.
        ValueError: the engine or precision is unknown or the export is not made for it; a number of
            threads below 1.
        ImportError: the engine is not installed.

    Example:
        >>> export.export(models.build("resann-n1-c4", num_classes=10), tmp_path / "resann")
        >>> predictor = AnytimePredictor(tmp_path / "resann")
        >>> image = np.zeros((32, 32, 3), "float32")
        >>> [answer.exit for answer in predictor.refine(image)]
        [0, 1, 2]
        >>> predictor.predict(image, deadline=10.0).exit
        2
    """

    def __init__(self, path, engine="auto", *, threads=None, precision=None, measure_latency=False):
        self._path = manifests.find(path)
        self.manifest = manifests.read(self._path)
        self.engine, self.precision = choose(engine, precision, self.manifest)
        self._check_arguments(threads)
        exits = self.manifest["exits"]
        self.exit_names = [exit["name"] for exit in exits]
        self.num_exits = len(self.exit_names)
        self.num_classes = self.manifest["num_classes"]
        self.input_names = [one["name"] for one in inputs_of(self.manifest)]
        alone = self.manifest["input"]
        self.input_shape = None if alone is None else tuple(alone["shape"])
        self.macs, self.macs_lazy = _numbers(exits, "macs"), _numbers(exits, "macs_lazy")
        self.threads, self._closed = threads, False
        self._latency = {}  # whether heads are lazy -> what it takes to each exit by now
        self._open()
        if measure_latency:
            self.measure_latency()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def __reduce__(self):
        raise TypeError(
            "a predictor holds an engine and its threads: give other processes the path of the "
            "export, to open a predictor of their own"
        )

    @property
    def latency(self):
        return self._latency[False].seconds if False in self._latency else None

    @property
    def in_one_call(self) -> bool:
        return self._engine_here().in_one_call

    def refine(self, images):
        """Yields the answer of every exit as it comes; nothing is computed that is not asked for.

        Args:
            images: an image of `input_shape`, or a batch of them, in the dtype of the manifest; of
                several inputs a dictionary of such by name, or a list.

        Yields:
            `Answer`, shallow to deep. Ends early if it is interrupted, never before the first.

        Raises:
            ValueError: images of another shape or dtype.
            RuntimeError: the predictor is closed, be it meanwhile.
        """
        started = time.perf_counter()
        batch, single = batch_of(self.manifest, images)
        with self._request(Request()) as request:
            engine = self._engine_here()
            state = engine.begin(batch)
            for index in range(self.num_exits):
                if index and not request.may_start(index):
                    self._check_open()
                    return
                state, logits = engine.step(index, state)
                yield _answer(index, logits, single, started, self.macs)

    def predict(
        self,
        images,
        deadline=None,
        *,
        budget_macs=None,
        lazy_heads=False,
        background=False,
        on_start=None,
    ) -> Answer:
        """The best answer ready by the deadline.

        At the deadline the run is stopped and the newest answer returned: after the operation in
        progress where the network runs `in_one_call`, after the segment in progress elsewhere. If
        `latency` was measured, a segment that would not end in time is not started there.

        Args:
            images: an image of `input_shape`, or a batch of them, in the dtype of the manifest; of
                several inputs a dictionary of such by name, or a list.
            deadline: seconds from now; default as long as it takes.
            budget_macs: multiply-accumulates to spend for an image; default all.
            lazy_heads: whether to run the segments alone and compute the head of the deepest one
                when time is up (002 section 3.1: a final linear product is allowed). Costs less
                where heads are costly, and goes link by link with every engine. The head makes the
                answer late, unless `measure_latency(lazy_heads=True)` has said how long it takes.
            background: whether to run on a thread of its own, start segments that may not end in
                time, and leave them to themselves at the deadline.
            on_start: function called with the run's `Request`, whose `interrupt()` makes this run
                alone return its newest answer.

        Returns:
            `Answer`. Never none: if the first exit comes too late or costs too much, it is returned
            as soon as it is there, marked `late`.

        Raises:
            ValueError: images of another shape or dtype, or that are not finite; a deadline or
                budget that is not a number of at least 0; a budget where the costs of the exits are
                not known.
            RuntimeError: the predictor is closed.
        """
        started = time.perf_counter()
        _check_limit("deadline", deadline)
        batch, single = batch_of(self.manifest, images)
        macs = self.macs_lazy if lazy_heads else self.macs
        last_exit = self._last_exit(budget_macs, macs)
        endless = deadline is None or deadline > threading.TIMEOUT_MAX
        ends = None if endless else started + deadline
        latency = None if background else self._latency.get(lazy_heads)
        with self._request(Request(ends, latency and latency.step_seconds)) as request:
            if on_start is not None:
                on_start(request)
            exit, logits = self._run(batch, last_exit, request, lazy_heads, background)
            answer = _answer(exit, logits, single, started, macs)
            # With a budget, a network that else runs in one call goes link by link.
            if latency is not None and len(batch[0]) == 1 and budget_macs is None:
                latency.follow(exit, answer.seconds, stopped=exit < last_exit)
        late = request.late or (budget_macs is not None and answer.macs > budget_macs)
        return dataclasses.replace(answer, late=bool(late))

    def early_exit(self, images, thresholds) -> EarlyExits:
        """Lets each image leave at the first exit whose confidence, the largest probability,
        reaches that exit's threshold.

        The images that left are no longer computed; the others go on as a smaller batch.

        Args:
            images: batch of images, in the dtype of the manifest.
            thresholds: a number for each exit; the last one is not looked at.
                `evaluation.fit_thresholds` finds those for an average budget. Fit them on logits of
                the export if it holds temperatures.

        Returns:
            `EarlyExits`, in the order of the images.

        Raises:
            ValueError: images of another shape or dtype, or that are not finite; another number of
                thresholds, or one that is not a number.
        """
        if len(self.manifest["logits_shape"]) > 1:
            raise ValueError(
                "early_exit needs one answer for each sample; this network answers for each "
                f"position. Received: logits_shape={self.manifest['logits_shape']}"
            )
        batch, single = batch_of(self.manifest, images)
        if len(thresholds) != self.num_exits:
            raise ValueError(
                f"thresholds needs one number for each of {self.num_exits} exits. "
                f"Received: {len(thresholds)}"
            )
        if np.isnan(np.asarray(thresholds, float)).any():
            raise ValueError(f"thresholds must be numbers. Received: thresholds={thresholds!r}")
        if single:
            raise ValueError(
                "early_exit takes a batch of images. "
                f"Received: one of shape {[x.shape[1:] for x in batch]}"
            )
        return run_early_exit(self._engine_here(), batch, thresholds, self.num_classes, self.macs)

    def interrupt(self) -> None:
        """Makes every call in progress return its newest answer; from another thread."""
        with self._requests_lock:
            for request in self._requests:
                request.interrupt()

    def close(self) -> None:
        """Interrupts the calls in progress and lets go of the engine; later calls are refused."""
        self._closed = True
        self.interrupt()
        self._executor.shutdown(wait=False)
        self._engine = None

    def measure_latency(self, lazy_heads=False) -> np.ndarray:
        """Measures the seconds to each exit for one image: the median of some runs.

        Args:
            lazy_heads: of the runs. The table without them is `latency`, that of `predict`: of the
                call over the whole network where the network runs `in_one_call`.

        Returns:
            float array `(num_exits,)`.
        """
        engine, image = self._engine_here(), zeros_of(self.manifest)
        measure = engine.part_seconds if lazy_heads else engine.exit_seconds
        rounds = [measure(image, self.num_exits) for _ in range(_PROFILE_ROUNDS)]
        median = np.median(rounds, axis=0)
        self._latency[lazy_heads] = LatencyEstimate(*(median if lazy_heads else [median]))
        return self._latency[lazy_heads].seconds

    def _check_arguments(self, threads):
        engine = engine_class(self.engine)
        if threads is not None and not engine.takes_threads:
            raise ValueError(
                f"set {self.engine}'s threads with tf.config.threading; threads= must be None. "
                f"Received: threads={threads!r}"
            )
        if threads is not None and (type(threads) is not int or threads < 1):
            raise ValueError(
                f"threads must be a whole number of at least 1. Received: threads={threads!r}"
            )
        engine.check_precision(self.precision)

    def _open(self):
        """Opens the export and runs it once, so that what an engine does first is done."""
        self._executor = concurrent.futures.ThreadPoolExecutor(_MAX_IN_BACKGROUND, "anytime")
        self._requests, self._requests_lock = set(), threading.Lock()
        self._pid = os.getpid()
        try:
            self._engine = self._opened()
            never_take_down_in_children(self._engine)
            for _ in range(2):
                self._run_once(self._engine)
        except (ImportError, manifests.ExportError):
            raise
        except Exception as error:
            raise manifests.ExportError(
                f"{self.engine} cannot run this export ({error}). "
                f"Received: path={str(self._path)!r}"
            ) from error

    def _opened(self):
        make = engine_class(self.engine)

        def open_engine(threads):
            return make(self._path, self.manifest, threads, self.precision)

        if self.threads is not None or not make.takes_threads:
            return open_engine(self.threads)
        engine, self.threads = thread_counts.fastest(open_engine, self._run_once)
        return engine

    def _engine_here(self):
        """The engine, opened again where this process was forked from the one that opened it."""
        self._check_open()
        if self._pid != os.getpid():
            if not self._engine.survives_fork:
                raise RuntimeError(
                    f"{self.engine} does not survive a fork: open the predictor in the process "
                    "that uses it"
                )
            self._open()
        return self._engine

    def _check_open(self):
        if self._closed:
            raise RuntimeError("this predictor is closed")

    def _run_once(self, engine):
        request = Request()
        engine.run(zeros_of(self.manifest), self.num_exits - 1, request)
        exit, logits = request.newest
        wanted = (1, *self.manifest["logits_shape"])
        if logits.shape != wanted:
            raise manifests.ExportError(
                f"the manifest says num_classes={self.num_classes}, logits of shape {wanted}. "
                f"Received: {self.engine} gives logits of shape {logits.shape} at exit {exit}"
            )

    def _last_exit(self, budget_macs, macs):
        _check_limit("budget_macs", budget_macs)
        if budget_macs is None:
            return self.num_exits - 1
        if macs is None:
            raise ValueError(
                "the costs of this network's exits are not known, so there is no budget. "
                f"Received: budget_macs={budget_macs!r}"
            )
        return int(np.max(np.flatnonzero(macs <= budget_macs), initial=0))

    @contextlib.contextmanager
    def _request(self, request):
        with self._requests_lock:
            self._requests.add(request)
        try:
            yield request
        finally:
            with self._requests_lock:
                self._requests.discard(request)

    def _run(self, batch, last_exit, request, lazy_heads, background):
        """Exit and logits of the newest answer when time is up, when interrupted, or at the end."""
        engine = self._engine_here()
        run = engine.run_segments if lazy_heads else engine.run
        if background:
            self._run_in_background(run, batch, last_exit, request)
        else:
            run(batch, last_exit, request)
        exit, newest = request.newest
        if not lazy_heads:
            return exit, newest
        logits = engine.answer(exit, newest)
        request.note_no_answer()  # until now
        return exit, logits

    def _run_in_background(self, run, batch, last_exit, request):
        """Leaves the newest answer at the deadline, when interrupted, or at the end: whichever
        comes first."""
        wake = threading.Event()
        request.on_interrupt(wake.set)
        future = self._executor.submit(run, batch, last_exit, request)
        future.add_done_callback(lambda _: wake.set())
        left = threading.TIMEOUT_MAX if request.ends is None else request.ends - time.perf_counter()
        wake.wait(min(max(left, 0.0), threading.TIMEOUT_MAX))
        while request.newest is None and not future.done():
            request.note_no_answer()
            time.sleep(_POLL_SECONDS)
        if future.done():
            future.result()
        request.interrupt()


def _numbers(exits, name):
    """What the manifest says of each exit, or None where it is not known of each."""
    said = [exit[name] for exit in exits]
    return None if None in said else np.array(said)


def _check_limit(name, value):
    """Raises `ValueError` where a deadline or budget is not None or a number of at least 0."""
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if value is not None and not (number and value >= 0):
        unit = "seconds" if name == "deadline" else "MACs"
        raise ValueError(
            f"{name} must be a number of {unit} of at least 0. Received: {name}={value!r}"
        )


def _answer(index, logits, single, started, macs):
    seconds = time.perf_counter() - started
    macs = None if macs is None else int(macs[index])
    return Answer(index, logits[0] if single else logits, seconds, macs)
