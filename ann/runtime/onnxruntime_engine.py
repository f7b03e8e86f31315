"""ONNX Runtime: the whole network in one call that can be stopped, and its segments."""

import ctypes
import json
import pathlib
import tempfile
import threading
import time

import numpy as np
import onnxruntime

from ann.runtime import files
from ann.runtime.engine import input_positions, output_order
from ann.runtime.inputs import zeros_of
from ann.runtime.whole_network import WholeNetworkEngine, WholeRun

_ERRORS_ONLY = 3
_FATAL_ONLY = 4
_SOON = 1000  # microseconds; to stop a call takes about 250, which matters little beyond


class OnnxRuntimeEngine(WholeNetworkEngine):
    """The links and their parts are opened when they are first needed.

    On a machine with CUDA the segments run there, link by link: answers of the whole network reach
    the memory of the host only when it ends. This is untested.
    """

    def __init__(self, path, manifest, threads, precision):
        super().__init__(len(manifest["exits"]))
        self._path, self._threads = path, threads
        self._names = [exit["name"] for exit in manifest["exits"]]
        self._logits_shape = manifest["logits_shape"]
        self._parts, self._opening = {}, threading.Lock()
        self._first_seconds = None  # of the first answer as a link; None where it is not soon
        available = onnxruntime.get_available_providers()
        self._cuda = "CUDAExecutionProvider" in available
        if self._cuda:
            return
        zeros = zeros_of(manifest)
        with tempfile.TemporaryDirectory() as folder:
            self._whole = self._session(files.WHOLE_ONNX, profile=folder)
            self._seconds = _computed_at(self._whole, zeros, self._names)
        self.in_one_call = bool(np.all(np.diff(self._seconds) >= 0))
        if not self.in_one_call:
            self._whole = None
        elif self._seconds[0] < _SOON:
            self._first_seconds = min(self._seconds_of_first(zeros) for _ in range(3))

    def _seconds_of_first(self, inputs):
        started = time.perf_counter()
        self.step(0, self.begin(inputs))
        return time.perf_counter() - started

    def run(self, inputs, last_exit, request):
        # Where there is no time for more than the first answer, it is there before a call over the
        # whole network could have been stopped.
        if request.ends is not None and request.ends - time.perf_counter() < self._least_seconds:
            self.run_links(inputs, 0, request)
        else:
            super().run(inputs, last_exit, request)

    @property
    def _least_seconds(self):
        """The shortest time that a call over the whole network is worth."""
        return self._first_seconds + self._stop_seconds if self._first_seconds else 0.0

    def _session(self, name, profile=None):
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _ERRORS_ONLY
        options.intra_op_num_threads = self._threads
        # Threads that wait in a loop keep the watchdog from its core: a deadline is then missed by
        # tens of milliseconds.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if profile is not None:
            options.enable_profiling = True
            options.profile_file_prefix = str(pathlib.Path(profile) / "profile")
        cuda = ["CUDAExecutionProvider"] if self._cuda else []
        session = onnxruntime.InferenceSession(
            str(self._path / name),
            options,
            providers=[*cuda, "CPUExecutionProvider"],
            disabled_optimizers=["EliminateIdentity"],  # the copies that end each exit
        )
        _give_back_memory()
        return session

    def new_run(self, batch_size):
        shape = (self._num_exits, batch_size, *self._logits_shape)
        return _Run(self._whole, self._names, shape)

    def exit_shares(self, inputs):
        return self._seconds / self._seconds[-1]

    def begin(self, inputs):
        return [onnxruntime.OrtValue.ortvalue_from_numpy(x) for x in inputs]

    def step(self, index, state):
        made = self._part(files.segment(index))(state)
        return made[:-1], made[-1].numpy()

    def advance(self, index, state):
        return self._part(files.advance(index))(state)

    def answer(self, index, state):
        return self._part(files.head(index))(state)[0].numpy()

    def select(self, state, rows):
        return [onnxruntime.OrtValue.ortvalue_from_numpy(x.numpy()[rows]) for x in state]

    def _part(self, name):
        if name not in self._parts:
            with self._opening:
                if name not in self._parts:
                    self._parts[name] = _Part(self._session(files.onnx(name)))
        return self._parts[name]


def _give_back_memory() -> None:
    """Gives the system what it took to open a session.

    ONNX Runtime reorders the weights for its kernels. What held them before is free then, but the C
    library would keep it: as much again as the weights.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc alone has it
    if trim is not None:
        trim(0)


def _computed_at(session, inputs, names) -> np.ndarray:
    """Microseconds after which each exit was there, in a run with the profiler on."""
    read = input_positions(x.name for x in session.get_inputs())
    # The first run allocates: of each node the last event counts.
    for _ in range(2):
        session.run(None, {name: inputs[at] for name, at in read.items()})
    events = json.loads(pathlib.Path(session.end_profiling()).read_text())
    nodes = {e["name"]: e["ts"] + e["dur"] for e in events if e.get("cat") == "Node"}
    starts = [e["ts"] for e in events if e["name"] == "model_run"]
    return np.array([nodes[f"{name}_kernel_time"] for name in names]) - max(starts)


class _Part:
    """A session, called with the state in order; gives the next state, then the logits."""

    def __init__(self, session):
        self._session = session
        # A file has only the inputs that its network reads.
        self._inputs = input_positions(x.name for x in session.get_inputs())
        self._outputs = output_order(x.name for x in session.get_outputs())

    def __call__(self, state):
        read = {name: state[at] for name, at in self._inputs.items()}
        return self._session.run_with_ort_values(self._outputs, read)


class _Run(WholeRun):
    def __init__(self, session, names, shape):
        super().__init__(shape)
        self._session = session
        self._options = onnxruntime.RunOptions()
        self._options.log_severity_level = _FATAL_ONLY  # being stopped is no error
        self._inputs = input_positions(x.name for x in session.get_inputs())
        self._binding = session.io_binding()
        for name, answer in zip(names, self.answers, strict=True):
            self._binding.bind_output(name, "cpu", 0, np.float32, answer.shape, answer.ctypes.data)

    def compute(self, inputs):
        self._options.terminate = False
        for name, at in self._inputs.items():
            self._binding.bind_cpu_input(name, inputs[at])
        try:
            self._session.run_with_iobinding(self._binding, self._options)
        except Exception:
            if not self._options.terminate:
                raise
            return False
        return True

    def stop(self):
        self._options.terminate = True
