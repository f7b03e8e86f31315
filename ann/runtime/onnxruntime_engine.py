"""ONNX Runtime: the whole network in one call that can be stopped, and the chain of its segments.

ONNX Runtime computes a graph to its end or not at all, but it looks between any two nodes whether
it shall terminate, and it writes an output into the caller's memory as soon as it is computed. So a
run over the whole network with a buffer for every exit costs no more than the network, ends within
one node of the deadline, and leaves all answers made so far.
"""

import contextlib
import threading
import time

import numpy as np
import onnxruntime

from ann.runtime.engine import Engine
from ann.runtime.watchdog import Watchdog

_WAIT_FOR_FIRST_SECONDS = 1e-4
_MAX_STOP_SECONDS = 1e-3
_MISSING = 0x7FC0FFEE  # bits of a number not written yet: a NaN that arithmetic does not make


class OnnxRuntimeEngine(Engine):
    def __init__(self, path, manifest, threads):
        self._path, self._threads = path, threads
        self._names = [exit["name"] for exit in manifest["exits"]]
        self._num_classes = manifest["num_classes"]
        self._whole = self._session("all_exits.onnx")
        self._segments = [
            _Segment(self._session(f"segment_{index:02d}.onnx"))
            for index in range(len(self._names))
        ]
        self._watchdog = Watchdog()
        self._free = []  # runs of one image to be used again; list methods are atomic
        # What it takes to stop a run, a moving average: it is told that much before its deadline.
        self._stop_seconds = 0.0

    def _session(self, name):
        options = onnxruntime.SessionOptions()
        if self._threads is not None:
            options.intra_op_num_threads = self._threads
        # The copy that ends each exit writes its numbers once: where none is missing, the answer is
        # whole.
        return onnxruntime.InferenceSession(
            str(self._path / name),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=["EliminateIdentity"],
        )

    def run(self, images, last_exit, request):
        # A run that would be stopped soon after it began gets further link by link: stopping takes
        # time.
        soon = (
            request.ends is not None and request.ends - time.perf_counter() < 2 * self._stop_seconds
        )
        if soon or last_exit < len(self._names) - 1:
            super().run(images, last_exit, request)
            return
        run = self._take_run(len(images))
        asked = None if request.ends is None else request.ends - self._stop_seconds
        request.newest = run(images, request, asked)
        if asked is not None and request.newest[0] < last_exit:
            seconds = min(time.perf_counter() - asked, _MAX_STOP_SECONDS)
            self._stop_seconds += 0.1 * (seconds - self._stop_seconds)
        if len(images) == 1:
            self._free.append(run)

    def _take_run(self, batch_size):
        if batch_size == 1:
            with contextlib.suppress(IndexError):  # none is free
                return self._free.pop()
        return _WholeRun(self._whole, self._names, (batch_size, self._num_classes), self._watchdog)

    def begin(self, images):
        return [onnxruntime.OrtValue.ortvalue_from_numpy(images)]

    def step(self, index, state):
        return self._segments[index](state)

    def select(self, state, rows):
        return [onnxruntime.OrtValue.ortvalue_from_numpy(x.numpy()[rows]) for x in state]


class _Segment:
    """A session, called with the state in order."""

    def __init__(self, session):
        self._session = session
        # The position of each input in the state: a file has only those that its network reads.
        self._inputs = {x.name: int(x.name.partition("_")[2] or 0) for x in session.get_inputs()}
        states = len(session.get_outputs()) - 1
        self._outputs = [*(f"next_{index}" for index in range(states)), "logits"]

    def __call__(self, state):
        read = {name: state[position] for name, position in self._inputs.items()}
        *state, logits = self._session.run_with_ort_values(self._outputs, read)
        return state, logits.numpy()


class _WholeRun:
    """Memory and options for one run at a time over the whole network."""

    def __init__(self, session, names, shape, watchdog):
        self._session, self._watchdog = session, watchdog
        self._answers = np.empty((len(names), *shape), np.float32)
        self._bits = self._answers.view(np.uint32)
        self._options = onnxruntime.RunOptions()
        self._options.log_severity_level = 4  # being stopped is no error
        self._binding = session.io_binding()
        for name, answer in zip(names, self._answers, strict=True):
            self._binding.bind_output(name, "cpu", 0, np.float32, answer.shape, answer.ctypes.data)

    def __call__(self, images, request, stop_at):
        """Runs until the end of the network or until told to stop; the deepest exit reached and a copy of its logits."""
        self._bits.fill(_MISSING)
        self._options.terminate = False
        self._binding.bind_cpu_input("image", images)
        stop = _Stop(self, request)
        request.on_interrupt(stop)
        if stop_at is not None:
            self._watchdog.call_at(stop_at, stop)
        try:
            self._session.run_with_iobinding(self._binding, self._options)
            deepest = len(self._answers) - 1
        except Exception:
            deepest = int(np.argmax((self._bits == _MISSING).any(axis=(1, 2)))) - 1
            if not self._options.terminate or deepest < 0:
                raise
        finally:
            stop.forget()
        return deepest, self._answers[deepest].copy()

    def terminate(self):
        """Ends the run behind the node in progress if the first answer is there; whether it is."""
        if (self._bits[0] == _MISSING).any():
            return False
        self._options.terminate = True
        return True


class _Stop:
    """Ends one call of a `_WholeRun`; does nothing once the call is over, since the run may serve another one by then."""

    def __init__(self, run, request):
        self._run, self._request, self._watchdog = run, request, run._watchdog
        self._lock = threading.Lock()

    def __call__(self):
        with self._lock:
            if self._run is not None and not self._run.terminate():
                self._request.note_no_answer()
                self._watchdog.call_at(time.perf_counter() + _WAIT_FOR_FIRST_SECONDS, self)

    def forget(self):
        with self._lock:
            self._run = None
        self._watchdog.forget(self)
