"""The chain in LiteRT: segment signatures of one file, one image at a time."""

import threading

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from ann.runtime import files
from ann.runtime.engine import Engine, input_positions, output_order


class LiteRTEngine(Engine):
    def __init__(self, path, manifest, threads, precision):
        self._file = str(path / files.LITERT)
        self._threads = threads
        self._of_thread = threading.local()  # an interpreter serves one thread

    def begin(self, inputs):
        return list(inputs)

    def step(self, index, state):
        made = self._call(files.segment(index), state)
        return made[:-1], made[-1]

    def advance(self, index, state):
        return self._call(files.advance(index), state)

    def answer(self, index, state):
        return self._call(files.head(index), state)[0]

    def _call(self, name, state):
        if not hasattr(self._of_thread, "interpreter"):
            self._of_thread.interpreter = Interpreter(
                model_path=self._file, num_threads=self._threads
            )
            self._of_thread.parts = {}
        parts = self._of_thread.parts
        if name not in parts:
            parts[name] = _Part(self._of_thread.interpreter.get_signature_runner(name))
        return parts[name](state)

    def select(self, state, rows):
        return [x[rows] for x in state]


class _Part:
    """A signature, called with the state in order; gives the next state, then the logits."""

    def __init__(self, runner):
        self._runner = runner
        self._inputs = input_positions(runner.get_input_details())
        self._outputs = output_order(runner.get_output_details())

    def __call__(self, state):
        made = [
            self._runner(**{name: state[at][row : row + 1] for name, at in self._inputs.items()})
            for row in range(len(state[0]))
        ]
        return [np.concatenate([one[name] for one in made]) for name in self._outputs]
