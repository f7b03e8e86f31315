"""Reads what TensorFlow Datasets (TFDS) has prepared as TFRecord files, without TensorFlow.

A TFRecord file is a row of records: the length (8 bytes, little-endian), its checksum (4), the
record, its checksum (4). A record here is a protocol buffer `tf.train.Example`: features by name,
each a list of bytes, floats or integers. Checksums are not read: images have their own (PNG), and
the lengths have to add up to the file.
"""

from __future__ import annotations

import json
import os
import pathlib

_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5


def data_folder(data_dir=None) -> pathlib.Path:
    """The folder of data sets: the one named, else TFDS_DATA_DIR, else ~/tensorflow_datasets."""
    default = os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    return pathlib.Path(data_dir or default).expanduser()


def prepared_folder(name: str, tfds_name: str, data_dir=None) -> pathlib.Path:
    """The folder of a data set that TFDS has prepared on this machine, the newest version.

    Args:
        name: name of the data set, as in `ann.data.names()`.
        tfds_name: its name in TFDS.
        data_dir: as for `data_folder`.

    Raises:
        FileNotFoundError: the data set is not prepared. The message says how to prepare it.
        ValueError: it is prepared in a format other than TFRecord.
    """
    folder = data_folder(data_dir) / tfds_name
    versions = sorted(
        folder.glob("*.*.*/dataset_info.json"), key=lambda path: _version(path.parent)
    )
    if not versions:
        option = f" --data_dir={data_dir}" if data_dir else ""
        raise FileNotFoundError(
            f"{name} is not prepared in {folder}. "
            f"Run `tfds build {tfds_name}{option}` once (it downloads the data), or name the "
            "folder that holds the prepared data with data_dir or TFDS_DATA_DIR. "
            f"Received: data_dir={data_dir!r}"
        )
    file_format = _info(versions[-1].parent).get("fileFormat", "tfrecord")
    if file_format != "tfrecord":
        raise ValueError(
            f"{name} must be prepared in TFDS's default format, --file_format=tfrecord. "
            f"Received: file_format={file_format!r}"
        )
    return versions[-1].parent


def _version(folder):
    return [int(part) if part.isdigit() else -1 for part in folder.name.split(".")]


def _info(folder):
    return json.loads((folder / "dataset_info.json").read_text())


def examples(folder: pathlib.Path, split: str):
    """Yields the examples of a split, shard after shard, in the order in which they were written.

    Args:
        folder: as returned by `prepared_folder`.
        split: name of the split, such as "train".

    Yields:
        Dictionary from the name of a feature to its value, bytes or an integer.

    Raises:
        FileNotFoundError: the split is not there, or files of it are missing.
        ValueError: a file is damaged.
    """
    lengths = next((s["shardLengths"] for s in _info(folder)["splits"] if s["name"] == split), [])
    paths = sorted(folder.glob(f"*-{split}.tfrecord-*-of-*"))
    if not lengths or len(paths) != len(lengths):
        raise FileNotFoundError(
            f"{folder} must hold {len(lengths) or 'the'} files of the split {split!r}. "
            f"Received: {len(paths)} files"
        )
    for path, length in zip(paths, lengths, strict=True):
        count = 0
        for record in _records(path):
            yield _example(record)
            count += 1
        if count != int(length):
            raise ValueError(f"{path} is damaged: it has {count} records instead of {length}")


def _records(path):
    content = memoryview(path.read_bytes())
    start = 0
    while start < len(content):
        end = start + 12 + int.from_bytes(content[start : start + 8], "little")
        if end + 4 > len(content):
            raise ValueError(f"{path} is damaged: it ends inside a record")
        yield content[start + 12 : end]
        start = end + 4


def _example(record) -> dict:
    """`Example { Features features = 1; }`, `Features { map<string, Feature> feature = 1; }`."""
    values = {}
    for features in _fields(record)[1]:
        for entry in _fields(features)[1]:
            pair = _fields(entry)
            values[bytes(pair[1][0]).decode()] = _value(pair[2][0])
    return values


def _value(feature):
    """`Feature { BytesList = 1; FloatList = 2; Int64List = 3; }` that holds one value."""
    ((kind, (values,)),) = _fields(feature).items()
    (value,) = _fields(values)[1]
    if kind == 1:
        return bytes(value)
    if kind == 3:  # one number, packed or not
        return value if isinstance(value, int) else _varint(value, 0)[0]
    raise ValueError(f"features must be bytes or integers. Received: field {kind} of a Feature")


def _fields(message) -> dict[int, list]:
    """The fields of a protocol buffer by number: integers and bytes."""
    fields: dict[int, list] = {}
    start = 0
    while start < len(message):
        tag, start = _varint(message, start)
        if tag & 7 == _VARINT:
            value, start = _varint(message, start)
        elif tag & 7 == _BYTES:
            length, start = _varint(message, start)
            value, start = message[start : start + length], start + length
        else:
            width = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}[tag & 7]
            value, start = message[start : start + width], start + width
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def _varint(message, start):
    """An integer of 7 bits per byte, the lowest first, and where it ends."""
    value = shift = 0
    while True:
        byte = message[start]
        start += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, start
        shift += 7
