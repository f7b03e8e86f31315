"""Folders that are whole or not there."""

import contextlib
import os
import pathlib
import secrets
import shutil
import signal
import threading

import filelock


@contextlib.contextmanager
def atomic_folder(path):
    """A temporary folder beside `path` to write to; it takes `path`'s place when the block ends
    well, and goes when it does not, SIGTERM included.

    A folder cannot take the place of a full one in one step: the old one is moved to
    `.<name>.previous` first, where `ann.runtime` finds it if the process dies between the two. What
    a killed process left is removed by the next one.
    """
    path = pathlib.Path(path).absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_left_over(path)
    temporary = path.with_name(f".partial-{path.name}-{secrets.token_hex(8)}")
    previous = path.with_name(f".{path.name}.previous")
    try:
        with _lock(temporary):  # from before it is there until it is gone: see `_remove_left_over`
            temporary.mkdir()
            with _sigterm_raises():
                yield temporary
            if path.exists():
                shutil.rmtree(previous, ignore_errors=True)
                os.rename(path, previous)
            os.rename(temporary, path)
        shutil.rmtree(previous, ignore_errors=True)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _remove_left_over(path):
    for folder in path.parent.glob(f".partial-{path.name}-*/"):
        with contextlib.suppress(filelock.Timeout), _lock(folder):
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _lock(folder):
    """Holds a lock beside a folder. The system lets go of it when the process dies, and unlike the
    process's number nothing else can have it by then."""
    file = folder.with_name(f"{folder.name}.lock")
    with filelock.FileLock(file, timeout=0):
        try:
            yield
        finally:
            file.unlink(missing_ok=True)


@contextlib.contextmanager
def _sigterm_raises():
    """Lets SIGTERM end the block like an error, if nobody else has said what it does."""
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def end(number, frame):
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
