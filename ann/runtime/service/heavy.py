"""A process of its own for bodies that take long to decode, so that nobody else waits for them.

Decoding holds Python's interpreter lock for long stretches: on a thread of the service it would
delay every other answer.
"""

import asyncio
import concurrent.futures
import concurrent.futures.process
import multiprocessing
import os
import signal
import threading

from ann.runtime.service.scheduler import QueueFull

_MAX_WAITING = 8
_NICENESS = 5


class HeavyDecoder:
    """Decodes one body at a time in another process, at a lower priority."""

    def __init__(self):
        self._waiting, self._pool = 0, None

    async def start(self) -> None:
        """Starts the process, which takes about a second."""
        self._pool = concurrent.futures.ProcessPoolExecutor(
            1, multiprocessing.get_context("spawn"), _begin
        )
        await asyncio.get_running_loop().run_in_executor(self._pool, os.getpid)

    async def decode(self, decode, body):
        """What `decode(body)` returns or raises.

        Raises:
            QueueFull: too many heavy bodies wait already.
        """
        if self._waiting >= _MAX_WAITING:
            raise QueueFull(
                f"at most {_MAX_WAITING} large bodies may wait to be decoded. Received: one more"
            )
        self._waiting += 1
        try:
            if self._pool is None:
                await self.start()
            return await asyncio.get_running_loop().run_in_executor(self._pool, decode, body)
        except concurrent.futures.process.BrokenProcessPool:
            self._pool = None  # it was killed, perhaps for memory; the next body starts another
            raise
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Ends the process."""
        if self._pool is not None:
            self._pool.shutdown()


def _begin():
    """Runs in the new process: lets the service alone decide when it ends."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.nice(_NICENESS)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent():
    multiprocessing.parent_process().join()
    os._exit(1)
