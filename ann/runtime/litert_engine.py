"""The chain in LiteRT: segment signatures of one file, one image at a time."""

import threading

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from ann.runtime import files
from ann.runtime.engine import Engine


class LiteRTEngine(Engine):
    def __init__(self, path, manifest, threads, precision):
        self._file = str(path / files.LITERT)
        self._threads = threads
        self._names = [files.segment(index) for index in range(len(manifest["exits"]))]
        self._of_thread = threading.local()  # an interpreter serves one thread

    def _segment(self, index):
        if not hasattr(self._of_thread, "segments"):
            interpreter = Interpreter(model_path=self._file, num_threads=self._threads)
            self._of_thread.segments = [
                interpreter.get_signature_runner(name) for name in self._names
            ]
        return self._of_thread.segments[index]

    def begin(self, images):
        return [images]

    def step(self, index, state):
        segment = self._segment(index)
        names = ["image"] if index == 0 else [f"state_{i}" for i in range(len(state))]
        made = [
            segment(**{n: x[row : row + 1] for n, x in zip(names, state, strict=True)})
            for row in range(len(state[0]))
        ]
        nexts = [
            np.concatenate([one[f"next_{i}"] for one in made]) for i in range(len(made[0]) - 1)
        ]
        return nexts, np.concatenate([one["logits"] for one in made])

    def select(self, state, rows):
        return [x[rows] for x in state]
