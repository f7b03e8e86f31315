"""Files that are either complete or do not exist."""

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
    """Yields a temporary path in the folder of `path` to write to.

    When the block ends, the temporary file replaces `path`. If the block raises, the temporary file
    is removed and `path` stays as it was. The temporary name keeps the suffixes of `path`, because
    libraries choose the format by them.

    Example:
        >>> with atomic_path("curve.csv") as temporary:
        ...     frame.to_csv(temporary)
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".partial-", suffix=f"-{path.name}")
    os.close(handle)
    temporary = pathlib.Path(name)
    temporary.chmod(0o666 & ~_umask())  # The mode of any new file; mkstemp's is for the owner only.
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
