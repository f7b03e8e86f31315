"""OpenVINO: the ONNX files of an export, in one call that can be stopped."""

import re
import threading

import numpy as np
import openvino
from openvino import opset15 as ops

from ann.runtime import files
from ann.runtime.engine import input_positions, output_order
from ann.runtime.manifest import ExportError
from ann.runtime.threads import available_cores
from ann.runtime.whole_network import WholeNetworkEngine, WholeRun

_PRECISIONS = {"float32": "f32", "int8": "f32", "bfloat16": "bf16"}
_COPY = "Roll"


class OpenVINOEngine(WholeNetworkEngine):
    """One image is computed in one call. Batches go link by link: OpenVINO writes the answers of a
    network for batches of any size only at its end. Links and their parts are compiled when they
    are first needed, for one image and for any number of them apart."""

    @classmethod
    def check_precision(cls, precision):
        capabilities = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        if precision == "bfloat16" and "BF16" not in capabilities:
            raise ValueError(
                "this processor has no bfloat16 arithmetic: use precision='float32'. "
                f"Received: precision={precision!r}"
            )

    @classmethod
    def check_readable(cls, path):
        try:
            openvino.Core().read_model(str(path / files.WHOLE_ONNX))
        except RuntimeError as error:
            operations = ", ".join(sorted(set(re.findall(r"-- (\w+)-\d+ ", str(error)))))
            raise ExportError(
                f"OpenVINO cannot read an operation of this export ({operations or error}): use "
                f"engine='onnxruntime'. Received: path={str(path)!r}"
            ) from error

    def __init__(self, path, manifest, threads, precision):
        super().__init__(len(manifest["exits"]))
        self.check_readable(path)
        self._path = path
        self._logits_shape = manifest["logits_shape"]
        self._core = openvino.Core()
        # A stream computes one request at a time: as many as the threads allow.
        streams = max(1, available_cores() // threads)
        self._options = {
            "INFERENCE_PRECISION_HINT": _PRECISIONS[precision],
            "INFERENCE_NUM_THREADS": threads * streams,
            "NUM_STREAMS": streams,
        }
        self._compiled, self._compiling = {}, threading.Lock()
        self._of_thread = threading.local()  # a request serves one thread
        self.in_one_call = _in_order(self._network(files.WHOLE_ONNX, 1))

    def _network(self, name, batch_size, **options):
        """The compiled network of a file, for one image or (`batch_size` other than 1) any."""
        key = (name, batch_size == 1, *options)
        with self._compiling:
            if key not in self._compiled:
                model = self._core.read_model(str(self._path / name))
                if name == files.WHOLE_ONNX:
                    _end_in_copies(model)
                if batch_size == 1:
                    model.reshape({x: [1, *list(x.partial_shape)[1:]] for x in model.inputs})
                self._compiled[key] = self._core.compile_model(
                    model, "CPU", {**self._options, **options}
                )
            return self._compiled[key]

    def run(self, inputs, last_exit, request):
        if len(inputs[0]) == 1:
            super().run(inputs, last_exit, request)
        else:
            self.run_links(inputs, last_exit, request)

    def new_run(self, batch_size):
        shape = (self._num_exits, batch_size, *self._logits_shape)
        return _Run(self._network(files.WHOLE_ONNX, batch_size).create_infer_request(), shape)

    def exit_shares(self, inputs):
        request = self._network(files.WHOLE_ONNX, 1, PERF_COUNT=True).create_infer_request()
        read = _inputs_of(request.get_compiled_model())
        for _ in range(2):  # the first run allocates
            request.infer({name: inputs[at] for name, at in read.items()})
        seconds = np.cumsum([x.real_time.total_seconds() for x in request.profiling_info])
        copies = [i for i, x in enumerate(request.profiling_info) if x.node_type == _COPY]
        return seconds[copies] / seconds[-1]

    def begin(self, inputs):
        return list(inputs)

    def step(self, index, state):
        made = self._part(files.segment(index), len(state[0]))(state)
        return made[:-1], made[-1]

    def advance(self, index, state):
        return self._part(files.advance(index), len(state[0]))(state)

    def answer(self, index, state):
        return self._part(files.head(index), len(state[0]))(state)[0]

    def select(self, state, rows):
        return [x[rows] for x in state]

    def _part(self, name, batch_size):
        key = f"{name}, {batch_size == 1}"
        if not hasattr(self._of_thread, key):
            network = self._network(files.onnx(name), batch_size)
            setattr(self._of_thread, key, _Part(network.create_infer_request()))
        return getattr(self._of_thread, key)


class _Part:
    """A request, called with the state in order; gives the next state, then the logits."""

    def __init__(self, request):
        self._request = request
        network = request.get_compiled_model()
        self._inputs = _inputs_of(network)
        self._outputs = output_order(_named(x, "next_", "logits") for x in network.outputs)

    def __call__(self, state):
        self._request.infer({name: state[at] for name, at in self._inputs.items()})
        return [self._request.get_tensor(name).data.copy() for name in self._outputs]


def _inputs_of(network) -> dict[str, int]:
    """The inputs of a compiled network, and where in the state they are."""
    return input_positions(_named(x, "image", "input_", "state_") for x in network.inputs)


def _named(port, *beginnings) -> str:
    """The name of an input or output; a state that is only passed on is known by both."""
    return next(name for name in port.names if name.startswith(beginnings))


def _end_in_copies(model) -> None:
    """Lets each answer be a copy, which is whole as soon as its last number is there.

    OpenVINO leaves out what it knows to copy, and may compute in place in the memory of an answer.
    Rolling by nothing it takes for an operation, which has a memory of its own.
    """
    nothing = np.array([0], np.int64)
    for result in model.get_results():
        rolled = ops.roll(result.input_value(0), nothing, nothing)
        result.input(0).replace_source_output(rolled.output(0))


def _in_order(compiled) -> bool:
    """Whether the answers are copies, computed from the first exit to the last."""
    made_by = [
        result.input_value(0).get_node().get_rt_info()
        for result in compiled.get_runtime_model().get_results()
    ]
    order = [int(info["execOrder"].get()) for info in made_by]
    return order == sorted(order) and all(info["layerType"].get() == _COPY for info in made_by)


class _Run(WholeRun):
    def __init__(self, request, shape):
        super().__init__(shape)
        self._request = request
        self._inputs = _inputs_of(request.get_compiled_model())
        self._stopped = False
        for index, answer in enumerate(self.answers):
            request.set_output_tensor(index, openvino.Tensor(answer, shared_memory=True))

    def compute(self, inputs):
        self._stopped = False
        for name, at in self._inputs.items():
            self._request.set_tensor(name, openvino.Tensor(inputs[at], shared_memory=True))
        self._request.start_async()
        try:
            self._request.wait()
        except RuntimeError:
            if not self._stopped:
                raise
            return False
        return True

    def stop(self):
        self._stopped = True
        self._request.cancel()
