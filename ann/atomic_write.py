"""Files that are whole or not there."""

import contextlib
import os
import pathlib
import tempfile


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextlib.contextmanager
def atomic_path(path):
    """A temporary path beside `path` to write to; it takes `path`'s place when the block ends well,
    and goes when it does not.

    The temporary name keeps the suffixes of `path`, by which libraries choose the format.

    Example:
        >>> with atomic_path("curve.csv") as temporary:
        ...     frame.to_csv(temporary)
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".partial-", suffix=f"-{path.name}")
    os.close(handle)
    temporary = pathlib.Path(name)
    temporary.chmod(0o666 & ~_umask())  # as any new file, not for its owner alone
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        if error.filename is None and error.errno:  # a full disk, as NumPy and h5py report it
            raise OSError(error.errno, os.strerror(error.errno), str(path)) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)
