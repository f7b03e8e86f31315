"""An EANN on several processes: its members run at the same time, first in, first out."""

import dataclasses
import multiprocessing
import pathlib
import queue
import time

import keras
import numpy as np

from ann.ensembles.selection import last_selected

_POLL_SECONDS = 1.0  # how often a worker that has ended is looked for


@dataclasses.dataclass(frozen=True)
class ParallelAnswer:
    """An answer of a `ParallelEANN`.

    Attributes:
        member, exit: which exit of which member it is, 0-based.
        logits: `(batch, num_classes)`.
        seconds: since the images came in.
    """

    member: int
    exit: int
    logits: np.ndarray
    seconds: float


class ParallelEANN:
    """The answers of an EANN, computed by several worker processes (001 section 4, 003).

    Each worker takes the next member that has not started. An answer is given if none that follows
    it in the sequence has come before it; the last one is that of `EANN`. `fifo_answers` tells the
    order on equally fast workers. The processes are started
    with `spawn`: a script that uses this class needs the usual `if __name__ == "__main__":`. How
    many cores each may use is set by the environment (`TF_NUM_INTRAOP_THREADS`) before.

    Args:
        paths: files of the trained members (`model.save`), shallow to deep.
        selection: as for `EANN`.
        workers: processes.
        batch_size: images that `refine` will be given at once, for the first call to be as fast as
            the others.

    Raises:
        ValueError: `workers` is below 1.
        FileNotFoundError: a member's file is not there.
        RuntimeError: a worker failed; its error is printed.

    Example:
        >>> with ParallelEANN(["small.keras", "large.keras"], selection, workers=2) as eann:  # doctest: +SKIP
        ...     for answer in eann.refine(images):
        ...         print(answer.seconds, answer.logits.argmax(1))
    """

    def __init__(self, paths, selection, *, workers: int = 2, batch_size: int = 1):
        if workers < 1:
            raise ValueError(f"there must be at least 1 worker. Received: workers={workers}")
        missing = [str(path) for path in paths if not pathlib.Path(path).exists()]
        if missing:
            raise FileNotFoundError(f"every member must be saved. Received: paths={missing}")
        context = multiprocessing.get_context("spawn")
        self._members = [member for member, chosen in enumerate(selection) if any(chosen)]
        self._tasks, self._answers = context.Queue(), context.Queue()
        self._request = context.Value(
            "q", 0
        )  # the one being answered; workers leave members of any other
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
            self._next_message()  # ready

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for worker in self._workers:
            worker.terminate()
        for worker in self._workers:
            worker.join()
        self._tasks.cancel_join_thread()  # what no worker took need not be delivered

    def refine(self, images):
        """Yields ever better answers; may be left at any time.

        Args:
            images: `(batch, *sample_shape)`.

        Yields:
            `ParallelAnswer`s.
        """
        begin = time.perf_counter()
        self._request.value += 1
        request, best = self._request.value, (-1, -1)
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
                    raise RuntimeError("a worker ended; its error stands above") from None


def _work(paths, selection, batch_size, request, tasks, answers):
    """What a worker does: makes itself ready, then computes members as they come."""
    members = [keras.saving.load_model(path, compile=False) for path in paths]
    for member, chosen in zip(members, selection, strict=True):
        for link in (*member.segments, *member.heads):
            link.jit_compile = False  # compiling each link would take longer than it saves
        list(
            _selected_answers(
                member, chosen, np.zeros((batch_size, *member.sample_shape), "float32")
            )
        )
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
    """Walks the chain to the last selected exit; yields each exit's index and its logits, None where it is not selected."""
    for k in range(last_selected(chosen) + 1):
        state = member.segments[k].predict_on_batch(state)
        yield k, member.heads[k].predict_on_batch(state) if chosen[k] else None
