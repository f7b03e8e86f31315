"""`manifest.json`: its schema, and whether an export is what its manifest says.

Whoever writes a manifest checks it with the same schema (`check`) as whoever reads it.
"""

import hashlib
import json
import math
import pathlib
import re

from ann.runtime import files

VERSION = 3
FORMATS = ("saved_model", "onnx", "litert")
PRECISIONS = ("float32", "int8")
DTYPES = ("float32", "uint8", "int32", "int64")

_MAX_BYTES = 2**24
_MAX_CLASSES = 10**6
_MAX_EXITS = 1000
_MAX_INPUTS = 100
_MAX_INPUT = 2**28  # numbers in one input
_MAX_NUMBER = 1e18


class ExportError(ValueError):
    """The folder does not hold a whole export."""


def checksum(file: pathlib.Path) -> str:
    """SHA-256 of a file, as the manifest has it."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def find(path) -> pathlib.Path:
    """The folder of an export; the previous one where a process died while it put a new one in its
    place."""
    path = pathlib.Path(path).absolute()
    previous = path.with_name(f".{path.name}.previous")
    return previous if not path.exists() and previous.exists() else path


def read(path: pathlib.Path) -> dict:
    """`manifest.json` of an export whose files are those that were written.

    Raises:
        ExportError: no manifest, one that does not follow the schema, or a file that is missing,
            changed, not of the export, or a link.
    """
    file = path / files.MANIFEST
    if not file.is_file() or file.is_symlink():
        raise ExportError(f"an export holds a manifest.json. Received: path={str(path)!r}")
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise ValueError(f"it has more than {_MAX_BYTES} bytes")
        manifest = json.loads(file.read_text(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ExportError(
            f"manifest.json cannot be read ({error}). Received: path={str(path)!r}"
        ) from error
    check(manifest)
    _check_files(path, manifest["sha256"])
    return manifest


def check(manifest) -> None:
    """Raises `ExportError` where a manifest does not follow the schema.

    The schema, as JSON:
        manifest_version: 3
        model: name of the network
        formats: some of "saved_model", "onnx", "litert"
        precision: "float32" or "int8"
        input: {shape: sizes without the batch, dtype: one of `DTYPES`,
            largest: value of a white pixel}, or null where there are several inputs
        inputs: a list of {name, shape, dtype} of several inputs, or null where there is one
        preprocessing: configuration of the layer from images to the network's input, or null
        num_classes: integer
        logits_shape: sizes of one answer without the batch, the last one num_classes
        exits: a list of {name, macs, macs_lazy, macs_pruned, params, error_top1, temperature};
            numbers that are not known are null; the logits are those of the network over the
            temperature
        costs_unknown: why costs are null, or null
        quantization: what rounding to int8 did to each exit, by engine, or null
        versions: of what wrote the export
        sha256: of every other file, by its path in the folder
    """
    manifest = _Checked(manifest, "manifest.json")
    version = manifest.entry("manifest_version")
    if version != VERSION:
        raise ExportError(
            f"this runtime reads manifests of version {VERSION}: export again. "
            f"Received: manifest_version={version!r}"
        )
    manifest.text("model")
    manifest.choices("formats", FORMATS)
    manifest.choice("precision", PRECISIONS)
    _check_inputs(manifest)
    manifest.optional_dict("preprocessing")
    manifest.count("num_classes", _MAX_CLASSES)
    _check_sizes(manifest, "logits_shape")
    if manifest.entry("logits_shape")[-1] != manifest.entry("num_classes"):
        manifest.refuse("logits_shape", "sizes that end in num_classes")
    exits = manifest.entry("exits")
    if not _is_list(exits, 1, _MAX_EXITS):
        manifest.refuse("exits", f"a list of 1 to {_MAX_EXITS} exits")
    for index, one in enumerate(exits):
        _check_exit(_Checked(one, f"exits[{index}]"))
    names = [one["name"] for one in exits]
    if len(set(names)) < len(names):
        manifest.refuse("exits", "exits of different names")
    manifest.optional_text("costs_unknown")
    manifest.optional_dict("quantization")
    manifest.dict("versions")
    _check_checksums(manifest)


def _check_inputs(manifest):
    several = manifest.entry("inputs")
    if several is None:
        alone = manifest.inner("input")
        alone.number("largest")
        _check_input(alone)
        return
    if manifest.entry("input") is not None:
        manifest.refuse("input", "either an input or several inputs")
    if not _is_list(several, 2, _MAX_INPUTS):
        manifest.refuse("inputs", f"a list of 2 to {_MAX_INPUTS} inputs")
    for index, one in enumerate(several):
        checked = _Checked(one, f"inputs[{index}]")
        checked.text("name")
        _check_input(checked)
    if len({one["name"] for one in several}) < len(several):
        manifest.refuse("inputs", "inputs of different names")


def _check_input(given):
    _check_sizes(given, "shape")
    given.choice("dtype", DTYPES)


def _check_sizes(given, key):
    """A list of sizes without the batch."""
    shape = given.entry(key)
    if not _is_list(shape, 1, 8) or not all(_is_count(n, _MAX_INPUT) for n in shape):
        given.refuse(key, "a list of sizes")
    if math.prod(shape) > _MAX_INPUT:
        given.refuse(key, f"of at most {_MAX_INPUT} numbers")


def _check_exit(one):
    one.text("name")
    for name in ("macs", "macs_lazy", "macs_pruned", "params", "error_top1"):
        one.optional_number(name)
    if not one.entry("temperature") or not _is_number(one.entry("temperature")):
        one.refuse("temperature", "a number above 0")


def _check_checksums(manifest):
    checksums = manifest.dict("sha256")
    for name, value in checksums.items():
        parts = pathlib.PurePosixPath(name).parts
        if not parts or ".." in parts or parts[0] == "/" or "\\" in name or "\0" in name:
            manifest.refuse("sha256", f"paths inside the folder, which {name!r} is not")
        if not isinstance(value, str) or not re.fullmatch("[0-9a-f]{64}", value):
            manifest.refuse("sha256", f"64 hexadecimal digits for {name!r}")
    count = len(manifest.entry("exits"))
    needed = {
        "saved_model": [files.SAVED_MODEL],
        "onnx": [files.WHOLE_ONNX, *map(files.onnx, files.of_links(count))],
        "litert": [files.LITERT],
    }
    for format in manifest.entry("formats"):
        for name in needed[format]:
            if name not in checksums:
                manifest.refuse("sha256", f"the checksum of {name!r}, for the format {format!r}")


def _check_files(path, checksums):
    found = [part for part in path.rglob("*") if part.is_symlink() or not part.is_dir()]
    for part in found:
        if part.is_symlink() or not part.is_file():
            raise ExportError(f"an export holds plain files and no links. Received: {str(part)!r}")
    there = {part.relative_to(path).as_posix() for part in found} - {files.MANIFEST}
    for name in sorted(there - set(checksums)):
        raise ExportError(
            "a file is not one of the export; export again. "
            f"Received: {name!r}, not in the manifest of {path}"
        )
    for name, expected in checksums.items():
        if name not in there:
            raise ExportError(
                "the export lacks a file of its manifest; export again. "
                f"Received: {name!r} missing in {path}"
            )
        if checksum(path / name) != expected:
            raise ExportError(
                "a file is not the one that was exported; export again. "
                f"Received: {name!r} changed in {path}"
            )


class _Checked:
    """A part of a manifest whose entries are asked for with what they must be."""

    def __init__(self, value, name):
        if not isinstance(value, dict):
            raise ExportError(f"{name} must be an object. Received: {_short(value)}")
        self._value, self._name = value, name

    def refuse(self, key, wanted):
        raise ExportError(
            f"{self._name} must have {wanted}. Received: {key}={_short(self._value.get(key))}"
        )

    def entry(self, key):
        if key not in self._value:
            raise ExportError(f"{self._name} must have an entry {key!r}. Received: none")
        return self._value[key]

    def inner(self, key):
        return _Checked(self.entry(key), key)

    def dict(self, key):
        if not isinstance(self.entry(key), dict):
            self.refuse(key, "an object")
        return self._value[key]

    def optional_dict(self, key):
        if self.entry(key) is not None:
            self.dict(key)

    def text(self, key):
        if not isinstance(self.entry(key), str) or not self._value[key]:
            self.refuse(key, "a text")

    def optional_text(self, key):
        if self.entry(key) is not None:
            self.text(key)

    def count(self, key, most):
        if not _is_count(self.entry(key), most):
            self.refuse(key, f"a whole number from 1 to {most}")

    def optional_number(self, key):
        if self.entry(key) is not None and not _is_number(self._value[key]):
            self.refuse(key, "a number of at least 0")

    def number(self, key):
        if not _is_number(self.entry(key)):
            self.refuse(key, "a number of at least 0")

    def choice(self, key, known):
        if self.entry(key) not in known:
            self.refuse(key, f"one of {known}")

    def choices(self, key, known):
        chosen = self.entry(key)
        if not _is_list(chosen, 1, len(known)) or not all(one in known for one in chosen):
            self.refuse(key, f"some of {known}")


def _is_list(value, least, most):
    return isinstance(value, list) and least <= len(value) <= most


def _is_count(value, most):
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def _is_number(value):
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _MAX_NUMBER
    )


def _short(value) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _refuse_constant(name):
    raise ValueError(f"{name} is not JSON")
