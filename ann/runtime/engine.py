"""What an engine does: it runs the links of a chain, one after the other."""

import abc
import time

import numpy as np


def input_positions(names) -> dict[str, int]:
    """Where in the state the inputs of a part of a link are: `image`, or some `input_*` or
    `state_*`."""
    return {name: int(name.partition("_")[2] or 0) for name in names}


def output_order(names) -> list[str]:
    """The outputs of a part of a link in order: `next_0`, `next_1`, ..., then `logits`."""
    return sorted(names, key=lambda name: (name == "logits", int(name.partition("_")[2] or 0)))


class Engine(abc.ABC):
    """Runs the links of one export. Several threads may use it at a time.

    Attributes:
        in_one_call: whether `run` computes the whole network, for one image at least, in one call
            that can be stopped, and not link by link.
        takes_threads: whether the number of threads is its argument.
        survives_fork: whether it can be opened again in a process that was forked from one where it
            had run.
    """

    in_one_call = False
    takes_threads = True
    survives_fork = True

    @classmethod
    def check_precision(cls, precision: str) -> None:
        """Raises `ValueError` where this machine does not compute in a precision."""
        return

    @classmethod
    def check_readable(cls, path) -> None:
        """Raises `ExportError` where the engine cannot read an operation of the export."""
        return

    @abc.abstractmethod
    def begin(self, inputs) -> list:
        """The state before the first link: the inputs as the engine holds them.

        Args:
            inputs: list of a batch `(batch, ...)` of each input of the network.
        """

    @abc.abstractmethod
    def step(self, index: int, state: list):
        """State and NumPy logits `(batch, ..., num_classes)` after link `index`, from the state
        before it."""

    @abc.abstractmethod
    def advance(self, index: int, state: list) -> list:
        """The state after the segment of link `index`; its head is not computed."""

    @abc.abstractmethod
    def answer(self, index: int, state: list) -> np.ndarray:
        """NumPy logits `(batch, ..., num_classes)` of head `index`, from the state after its
        segment."""

    @abc.abstractmethod
    def select(self, state: list, rows) -> list:
        """The state of some of the batch. `rows`: indices `(kept,)`."""

    def run(self, inputs, last_exit: int, request) -> None:
        """Leaves the answers in `request`, up to `last_exit` or as long as the request lets it."""
        self.run_links(inputs, last_exit, request)

    def run_links(self, inputs, last_exit: int, request) -> None:
        """`run`, link by link."""
        state = self.begin(inputs)
        for index in range(last_exit + 1):
            if index and not request.may_start(index):
                return
            state, logits = self.step(index, state)
            if index == 0:
                request.note_no_answer()  # until now
            request.newest = (index, logits)

    def run_segments(self, inputs, last_exit: int, request) -> None:
        """Leaves the state after the deepest segment in `request`, where `run` leaves logits."""
        state = self.begin(inputs)
        for index in range(last_exit + 1):
            if index and not request.may_start(index):
                return
            state = self.advance(index, state)
            request.newest = (index, state)

    def exit_seconds(self, inputs, num_exits: int) -> np.ndarray:
        """Seconds to each exit, `(num_exits,)`, in one run over the inputs."""
        started, seconds, state = time.perf_counter(), [], self.begin(inputs)
        for index in range(num_exits):
            state, _ = self.step(index, state)
            seconds.append(time.perf_counter() - started)
        return np.array(seconds)

    def part_seconds(self, inputs, num_exits: int) -> np.ndarray:
        """Seconds to each state, and of each head, `(2, num_exits)`, in one run over the inputs."""
        seconds, state = [], self.begin(inputs)
        for index in range(num_exits):
            started = time.perf_counter()
            state = self.advance(index, state)
            advanced = time.perf_counter()
            self.answer(index, state)
            seconds.append((advanced - started, time.perf_counter() - advanced))
        segments, heads = np.array(seconds).T
        return np.stack([np.cumsum(segments), heads])
