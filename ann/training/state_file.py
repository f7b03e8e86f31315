"""A training state as one file: facts and arrays, with a checksum over every byte.

8 bytes   b"ANNSTATE"
8 bytes   length of the header, little-endian
header    JSON: {"facts": ..., "arrays": [[name, dtype, shape], ...]}
arrays    their bytes, one after the other
32 bytes  SHA-256 of all that stands before
"""

import hashlib
import json
import os

import numpy as np

_MAGIC = b"ANNSTATE"
_DIGEST = hashlib.sha256().digest_size
_BUFFER = 1 << 20  # bytes; a network has hundreds of small arrays


class DamagedStateError(ValueError):
    """The file is not whole, or not as it was written."""


def write(path, facts: dict, arrays) -> None:
    """Writes a state and forces it to disk.

    Args:
        path: file to write.
        facts: plain values, kept as JSON.
        arrays: list of `(name, NumPy array)`.

    Raises:
        OSError: the file cannot be written.
    """
    arrays = [(name, np.asarray(array, order="C")) for name, array in arrays]
    described = [[name, array.dtype.name, array.shape] for name, array in arrays]
    header = json.dumps({"facts": facts, "arrays": described}).encode()
    digest = hashlib.sha256()
    with open(path, "wb", buffering=_BUFFER) as file:
        for part in (
            _MAGIC,
            len(header).to_bytes(8, "little"),
            header,
            *(array.reshape(-1).view(np.uint8).data for _, array in arrays),
        ):
            file.write(part)
            digest.update(part)
        file.write(digest.digest())
        file.flush()
        os.fsync(file.fileno())


def read(path):
    """The facts and arrays of a state.

    Returns:
        `(facts, arrays)` as `write` was given them.

    Raises:
        DamagedStateError: the checksum is wrong.
        OSError: the file cannot be opened.
    """
    with open(path, "rb") as file:
        return parse(file.read(), path)


def parse(content: bytes, path):
    """As `read`, of the content of a file; `path` is named if it is damaged."""
    checked = memoryview(content)[:-_DIGEST]
    whole = content.startswith(_MAGIC) and len(content) >= 16 + _DIGEST
    if not whole or hashlib.sha256(checked).digest() != content[-_DIGEST:]:
        raise DamagedStateError(f"the checksum of {path} is wrong: the file is damaged")
    start = 16 + int.from_bytes(content[8:16], "little")
    header = json.loads(content[16:start])
    arrays = []
    for name, dtype, shape in header["arrays"]:
        count = int(np.prod(shape, dtype=np.int64))
        array = np.frombuffer(content, np.dtype(dtype), count, start).reshape(shape)
        start += array.nbytes
        arrays.append((name, array))
    return header["facts"], arrays
