"""Folders that are whole or not there."""

import contextlib
import os
import pathlib
import shutil
import tempfile


@contextlib.contextmanager
def atomic_folder(path):
    """A temporary folder beside `path` to write to; it takes `path`'s place when the block ends
    well, else it goes.

    A folder cannot take the place of a full one in one step: the old one is moved to
    `.<name>.previous` first, where `ann.runtime` finds it if the process dies between the two.
    """
    path = pathlib.Path(path).absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = pathlib.Path(tempfile.mkdtemp(dir=path.parent, prefix=f".partial-{path.name}-"))
    previous = path.with_name(f".{path.name}.previous")
    try:
        yield temporary
        temporary.chmod(0o755)
        if path.exists():
            shutil.rmtree(previous, ignore_errors=True)
            os.rename(path, previous)
        os.rename(temporary, path)
        shutil.rmtree(previous, ignore_errors=True)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
