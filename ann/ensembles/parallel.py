"""An EANN in several processes: its members run at the same time, first in, first out."""

import dataclasses
import multiprocessing
import pathlib
import queue
import time

import keras
import numpy as np

from ann.ensembles.selection import last_selected

_POLL_SECONDS = 1.0  # How often to check whether a worker has ended.


@dataclasses.dataclass(frozen=True)
class ParallelAnswer:
    """An answer of a `ParallelEANN`.

    Attributes:
        member, exit: index of the member and of its exit, 0-based.
        logits: `(batch, num_classes)`.
        seconds: time since `refine` received the images.
    """

    member: int
    exit: int
    logits: np.ndarray
    seconds: float


class ParallelEANN:
    """An EANN that several worker processes compute (001 section 4, 003).

    Each worker takes the next member that has not started yet. An answer is returned unless an
    answer that comes later in the sequence has already been returned. The last answer equals that
    of `EANN`. `fifo_answers` tells the order of the answers if all workers are equally fast.

    The processes are started with `spawn`, so a script that uses this class needs the usual
    `if __name__ == "__main__":`. To limit the cores that each process uses, set the environment
    variable `TF_NUM_INTRAOP_THREADS` first.

    Args:
        paths: files of the trained members (from `model.save`), shallow to deep.
        selection: as for `EANN`.
        workers: number of processes.
        batch_size: number of images that each call of `refine` will receive. It makes the first
            call as fast as later ones.

    Raises:
        ValueError: `workers` is less than 1.
        FileNotFoundError: a member's file does not exist.
        RuntimeError: a worker failed. Its error is printed.

    Example:
        >>> paths = ["small.keras", "large.keras"]
        >>> with ParallelEANN(paths, selection, workers=2) as eann:  # doctest: +SKIP
        ...     for answer in eann.refine(images):
        ...         print(answer.seconds, answer.logits.argmax(1))
    """

    def __init__(self, paths, selection, *, workers: int = 2, batch_size: int = 1):
        if workers < 1:
            raise ValueError(f"workers must be at least 1. Received: workers={workers}")
        missing = [str(path) for path in paths if not pathlib.Path(path).exists()]
        if missing:
            raise FileNotFoundError(f"these files do not exist. Received: paths={missing}")
        context = multiprocessing.get_context("spawn")
        self._members = [member for member, chosen in enumerate(selection) if any(chosen)]
        self._tasks = context.Queue()
        self._answers = context.Queue()
        # The number of the current request. Workers stop computing members for any other request.
        self._request = context.Value("q", 0)
        arguments = (
            [str(path) for path in paths],
            selection,
            batch_size,
            self._request,
            self._tasks,
            self._answers,
        )
        self._workers = [
            context.Process(target=_work, args=arguments, daemon=True) for _ in range(workers)
        ]
        for worker in self._workers:
            worker.start()
        for _ in self._workers:
            self._next_message()  # The worker is ready.

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for worker in self._workers:
            worker.terminate()
        for worker in self._workers:
            worker.join()
        self._tasks.cancel_join_thread()  # Tasks that no worker took need not be delivered.

    def refine(self, images):
        """Yields better and better answers. The caller may stop at any time.

        Args:
            images: `(batch, *sample_shape)`.

        Yields:
            A `ParallelAnswer` for each answer as it comes.

        Raises:
            RuntimeError: a worker failed. Its error is printed.
        """
        begin = time.perf_counter()
        self._request.value += 1
        request = self._request.value
        best = (-1, -1)
        for member in self._members:
            self._tasks.put((request, member, images))
        running = len(self._members)
        try:
            while running:
                of_request, member, k, logits = self._next_message()
                if of_request != request:
                    continue
                if logits is None:
                    running -= 1
                elif (member, k) > best:
                    best = (member, k)
                    yield ParallelAnswer(member, k, logits, time.perf_counter() - begin)
        finally:
            self._request.value += 1

    def _next_message(self):
        while True:
            try:
                return self._answers.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                if not all(worker.is_alive() for worker in self._workers):
                    raise RuntimeError("a worker ended; its error is printed above") from None


def _work(paths, selection, batch_size, request, tasks, answers):
    """Runs in a worker: loads and warms up the members, then computes those it is asked for."""
    members = [keras.saving.load_model(path, compile=False) for path in paths]
    for member, chosen in zip(members, selection, strict=True):
        for link in (*member.segments, *member.heads):
            link.jit_compile = False  # Compiling each link takes longer than it saves.
        images = np.zeros((batch_size, *member.sample_shape), "float32")
        list(_selected_answers(member, chosen, images))
    answers.put("ready")
    while True:
        of_request, index, images = tasks.get()
        for k, logits in _selected_answers(members[index], selection[index], images):
            if request.value != of_request:
                break
            if logits is not None:
                answers.put((of_request, index, k, logits))
        answers.put((of_request, index, None, None))


def _selected_answers(member, chosen, state):
    """Walks the chain to the last selected exit.

    Yields:
        The index of each exit and its logits, which are None if the exit is not selected.
    """
    for k in range(last_selected(chosen) + 1):
        state = member.segments[k].predict_on_batch(state)
        yield k, member.heads[k].predict_on_batch(state) if chosen[k] else None
