"""`AnytimePredictor`: the best answer so far, at any moment."""

import concurrent.futures
import contextlib
import dataclasses
import importlib
import importlib.util
import threading
import time

import numpy as np

from ann.runtime import manifest as manifests
from ann.runtime.early_exit import EarlyExits, run_early_exit
from ann.runtime.request import Request

# Engine: package, module, class, format of the export; fastest first
# (benchmarks/anytime_latency.py).
_ENGINES = {
    "onnxruntime": ("onnxruntime", "ann.runtime.onnxruntime_engine", "OnnxRuntimeEngine", "onnx"),
    "litert": ("ai_edge_litert", "ann.runtime.litert_engine", "LiteRTEngine", "litert"),
    "tensorflow": (
        "tensorflow",
        "ann.runtime.tensorflow_engine",
        "TensorFlowEngine",
        "saved_model",
    ),
}
ENGINE_OF_FORMAT = {format: name for name, (_, _, _, format) in _ENGINES.items()}

_POLL_SECONDS = 1e-4
_MAX_IN_BACKGROUND = 256  # requests at a time; more wait for their turn
_PROFILE_ROUNDS = 20


@dataclasses.dataclass(frozen=True)
class Answer:
    """What an exit said.

    Attributes:
        exit: 0-based index of the exit.
        logits: float32 `(num_classes,)` for an image, `(batch, num_classes)` for a batch.
        seconds: from the call to the answer.
        macs: multiply-accumulates spent for one image, exits before this one included.
        late: whether there was no answer yet at the deadline, or none within the budget.
    """

    exit: int
    logits: np.ndarray
    seconds: float
    macs: int
    late: bool = False


class AnytimePredictor:
    """Runs an exported anytime network so that it can be asked for its answer at any time.

    Several threads may share a predictor; each call is a run of its own.

    Args:
        path: folder written by `ann.export.export`.
        engine: "onnxruntime", "litert", "tensorflow", or "auto": the first of these that is
            installed and exported.
        threads: of the engine for one run; default the engine's own choice. TensorFlow's are set
            with `tf.config.threading`.
        measure_latency: whether to measure `latency` at once.

    Attributes:
        manifest: the export's `manifest.json` as a dict.
        engine: name of the engine in use.
        num_exits, exit_names, num_classes, input_shape: of the network.
        macs: int array `(num_exits,)`, spent up to each exit.
        latency: float array `(num_exits,)`, seconds to each exit for one image, once measured; else
            None.

    Raises:
        ExportError: the folder is not a whole export.
        ValueError: the engine is unknown or the export is not made for it.
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

    def __init__(self, path, engine="auto", *, threads=None, measure_latency=False):
        path = manifests.find(path)
        self.manifest = manifests.read(path)
        self.engine = _choose(engine, self.manifest["formats"])
        self.exit_names = [exit["name"] for exit in self.manifest["exits"]]
        self.num_exits = len(self.exit_names)
        self.num_classes = self.manifest["num_classes"]
        self.input_shape = tuple(self.manifest["input"]["shape"])
        self.macs = np.array([exit["macs"] for exit in self.manifest["exits"]])
        self.latency = self._step_seconds = None
        _, module, name, _ = _ENGINES[self.engine]
        self._engine = getattr(importlib.import_module(module), name)(path, self.manifest, threads)
        self._executor = concurrent.futures.ThreadPoolExecutor(_MAX_IN_BACKGROUND, "anytime")
        self._requests, self._requests_lock = set(), threading.Lock()
        self._warm_up()
        if measure_latency:
            self.measure_latency()

    def refine(self, images):
        """Yields the answer of every exit as it comes; nothing is computed that is not asked for.

        Args:
            images: an image of `input_shape`, or a batch of them, in the dtype of the manifest.

        Yields:
            `Answer`, shallow to deep. Ends early if it is interrupted, never before the first.

        Raises:
            ValueError: images of another shape or dtype.
        """
        started = time.perf_counter()
        batch, single = self._batch(images)
        with self._request(Request()) as request:
            state = self._engine.begin(batch)
            for index in range(self.num_exits):
                if index and not request.may_start(index):
                    return
                state, logits = self._engine.step(index, state)
                yield self._answer(index, logits, single, started)

    def predict(
        self, images, deadline=None, *, budget_macs=None, background=False, on_start=None
    ) -> Answer:
        """The best answer ready by the deadline.

        At the deadline the run is stopped and the newest answer returned: within a node of the
        network with onnxruntime, behind the segment in progress with the other engines. If
        `latency` was measured, those do not start a segment that would not end in time.

        Args:
            images: an image of `input_shape`, or a batch of them, in the dtype of the manifest.
            deadline: seconds from now; default as long as it takes.
            budget_macs: multiply-accumulates to spend for an image; default all.
            background: whether to run on a thread of its own, start segments that may not end in
                time, and leave them behind at the deadline.
            on_start: function called with the run's `Request`, whose `interrupt()` makes this run
                alone return its newest answer.

        Returns:
            `Answer`. Never none: if the first exit comes too late or costs too much, it is returned
            as soon as it is there, marked `late`.

        Raises:
            ValueError: images of another shape or dtype, or a deadline that is not a number of
                seconds.
        """
        started = time.perf_counter()
        if deadline is not None and not deadline >= 0:
            raise ValueError(
                f"deadline must be a number of seconds of at least 0. Received: deadline={deadline!r}"
            )
        batch, single = self._batch(images)
        last_exit = self._last_exit(budget_macs)
        ends = None if deadline in (None, np.inf) else started + deadline
        with self._request(Request(ends, None if background else self._step_seconds)) as request:
            if on_start is not None:
                on_start(request)
            if background:
                self._run_in_background(batch, last_exit, request)
            else:
                self._engine.run(batch, last_exit, request)
            answer = self._answer(*request.newest, single, started)
        late = request.late or (budget_macs is not None and answer.macs > budget_macs)
        return dataclasses.replace(answer, late=late)

    def early_exit(self, images, thresholds) -> EarlyExits:
        """Lets each image leave at the first exit whose confidence, the largest probability,
        reaches that exit's threshold.

        The images that left are no longer computed; the others go on as a smaller batch.

        Args:
            images: batch of images, in the dtype of the manifest.
            thresholds: a number for each exit; the last one is not looked at.
                `evaluation.fit_thresholds` finds those for an average budget.

        Returns:
            `EarlyExits`, in the order of the images.

        Raises:
            ValueError: images of another shape or dtype, or another number of thresholds.
        """
        batch, single = self._batch(images)
        if len(thresholds) != self.num_exits:
            raise ValueError(
                f"thresholds needs one number for each of {self.num_exits} exits. Received: {len(thresholds)}"
            )
        if single:
            raise ValueError(
                f"early_exit takes a batch of images. Received: images of shape {np.shape(images)}"
            )
        return run_early_exit(self._engine, batch, thresholds, self.num_classes, self.macs)

    def interrupt(self) -> None:
        """Makes every call in progress return its newest answer. To be called from another thread."""
        with self._requests_lock:
            for request in self._requests:
                request.interrupt()

    def measure_latency(self) -> np.ndarray:
        """Measures `latency`: the median over some runs of the seconds to each exit, for one image."""
        image = np.zeros((1, *self.input_shape), self.manifest["input"]["dtype"])
        rounds = [[answer.seconds for answer in self.refine(image)] for _ in range(_PROFILE_ROUNDS)]
        self.latency = np.median(rounds, axis=0)
        self._step_seconds = np.diff(self.latency, prepend=0.0)
        return self.latency

    def _warm_up(self):
        image = np.zeros((1, *self.input_shape), self.manifest["input"]["dtype"])
        for _ in range(2):
            self.predict(image)
            list(self.refine(image))

    def _batch(self, images):
        images = np.ascontiguousarray(images)
        dtype = np.dtype(self.manifest["input"]["dtype"])
        if images.dtype != dtype and not (
            np.issubdtype(images.dtype, np.floating) and dtype == np.float32
        ):
            raise ValueError(f"images must be {dtype}. Received: images of dtype {images.dtype}")
        if images.shape == self.input_shape:
            return images.astype(dtype, copy=False)[np.newaxis], True
        if images.shape[1:] != self.input_shape or not len(images):
            shape = ", ".join(map(str, self.input_shape))
            raise ValueError(
                f"images must be ({shape}) or (batch, {shape}). Received: images of shape {images.shape}"
            )
        return images.astype(dtype, copy=False), False

    def _last_exit(self, budget_macs):
        if budget_macs is None:
            return self.num_exits - 1
        return max(0, int(np.searchsorted(self.macs, budget_macs, side="right")) - 1)

    @contextlib.contextmanager
    def _request(self, request):
        with self._requests_lock:
            self._requests.add(request)
        try:
            yield request
        finally:
            with self._requests_lock:
                self._requests.discard(request)

    def _run_in_background(self, batch, last_exit, request):
        """Leaves the newest answer at the deadline, or when interrupted, or at the end, whichever comes first."""
        wake = threading.Event()
        request.on_interrupt(wake.set)
        future = self._executor.submit(self._engine.run, batch, last_exit, request)
        future.add_done_callback(lambda _: wake.set())
        left = threading.TIMEOUT_MAX if request.ends is None else request.ends - time.perf_counter()
        wake.wait(min(max(left, 0.0), threading.TIMEOUT_MAX))
        while request.newest is None and not future.done():
            request.note_no_answer()
            time.sleep(_POLL_SECONDS)
        if future.done():
            future.result()
        request.interrupt()

    def _answer(self, index, logits, single, started):
        return Answer(
            index,
            logits[0] if single else logits,
            time.perf_counter() - started,
            int(self.macs[index]),
        )


def _choose(engine, formats):
    """Name of the engine to use."""
    if engine == "auto":
        for name, (package, _, _, format) in _ENGINES.items():
            if format in formats and importlib.util.find_spec(package):
                return name
        wanted = [_ENGINES[ENGINE_OF_FORMAT[format]][0] for format in formats]
        raise ImportError(
            f"an export as {formats} runs with one of the packages {wanted}; none is installed"
        )
    if engine not in _ENGINES:
        raise ValueError(
            f"engine must be 'auto' or one of {list(_ENGINES)}. Received: engine={engine!r}"
        )
    package, _, _, format = _ENGINES[engine]
    if format not in formats:
        raise ValueError(
            f"engine {engine!r} runs exports as {format!r}; this one holds {formats}. Received: engine={engine!r}"
        )
    if not importlib.util.find_spec(package):
        raise ImportError(f"engine {engine!r} needs the package {package}")
    return engine
