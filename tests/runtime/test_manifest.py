"""Every fault of an export is refused at once, by an `ExportError` that says what is wrong."""

import copy
import hashlib
import json
import math

import pytest

from ann.runtime import ExportError, files, manifest

GOOD = {
    "manifest_version": manifest.VERSION,
    "model": "net",
    "formats": ["litert"],
    "precision": "float32",
    "input": {"shape": [8, 8, 3], "dtype": "float32", "largest": 255},
    "inputs": None,
    "preprocessing": None,
    "num_classes": 10,
    "logits_shape": [10],
    "exits": [
        {
            "name": f"exit_{index:02d}",
            "macs": 100 * (index + 1),
            "macs_lazy": 100,
            "macs_pruned": 100,
            "params": 10,
            "error_top1": None,
            "temperature": 1.0,
        }
        for index in range(2)
    ],
    "costs_unknown": None,
    "quantization": None,
    "versions": {"ann": "0"},
    "sha256": {files.LITERT: hashlib.sha256(b"model").hexdigest()},
}
FAULTS = {
    "version": lambda m: m.update(manifest_version=1),
    "no version": lambda m: m.pop("manifest_version"),
    "no exits": lambda m: m.update(exits=[]),
    "exits no list": lambda m: m.update(exits={"a": 1}),
    "exit no object": lambda m: m.update(exits=[3]),
    "exit without name": lambda m: m["exits"][0].pop("name"),
    "exits of one name": lambda m: m["exits"][1].update(name="exit_00"),
    "negative macs": lambda m: m["exits"][0].update(macs=-1),
    "huge macs": lambda m: m["exits"][0].update(macs=10**400),
    "temperature 0": lambda m: m["exits"][0].update(temperature=0),
    "a billion classes": lambda m: m.update(num_classes=10**9),
    "half a class": lambda m: m.update(num_classes=9.5),
    "huge input": lambda m: m["input"].update(shape=[10**6, 10**6]),
    "no sizes": lambda m: m["input"].update(shape=None),
    "dtype": lambda m: m["input"].update(dtype="complex64"),
    "one input in a list": lambda m: m.update(input=None, inputs=[m["input"] | {"name": "a"}]),
    "inputs of one name": lambda m: m.update(input=None, inputs=[m["input"] | {"name": "a"}] * 2),
    "input beside inputs": lambda m: m.update(
        inputs=[m["input"] | {"name": name} for name in "ab"]
    ),
    "answers of other sizes": lambda m: m.update(logits_shape=[4, 3]),
    "format": lambda m: m.update(formats=["torch"]),
    "formats no list": lambda m: m.update(formats="litert"),
    "precision": lambda m: m.update(precision=["float32"]),
    "no checksums": lambda m: m.update(sha256=[]),
    "file of the format": lambda m: m.update(formats=["onnx"]),
    "out of the folder": lambda m: m["sha256"].update({"../x": "0" * 64}),
    "absolute": lambda m: m["sha256"].update({"/etc/passwd": "0" * 64}),
    "no digits": lambda m: m["sha256"].update({files.LITERT: "none"}),
    "not finite": lambda m: m["exits"][0].update(macs=math.nan),
    "no object": lambda m: [],
}


def write(folder, made, text=None):
    (folder / files.LITERT).write_bytes(b"model")
    (folder / files.MANIFEST).write_text(json.dumps(made) if text is None else text)
    return folder


def test_a_good_one_is_read(tmp_path):
    assert manifest.read(write(tmp_path, GOOD)) == GOOD


@pytest.mark.parametrize("fault", FAULTS)
def test_faults(fault, tmp_path):
    made = copy.deepcopy(GOOD)
    changed = FAULTS[fault](made)
    with pytest.raises(ExportError, match="Received: "):
        manifest.read(write(tmp_path, changed if changed == [] else made))


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "null", '"x"', "\x00"])
def test_what_is_no_manifest(text, tmp_path):
    with pytest.raises(ExportError, match="Received: "):
        manifest.read(write(tmp_path, None, text))


def test_files_are_those_of_the_manifest(tmp_path):
    write(tmp_path, GOOD)
    (tmp_path / "more").mkdir()
    (tmp_path / "more/file").write_text("mine")
    with pytest.raises(ExportError, match="not one of the export.*'more/file'"):
        manifest.read(tmp_path)
    (tmp_path / "more/file").unlink()
    (tmp_path / files.LITERT).unlink()
    (tmp_path / files.LITERT).symlink_to("/etc/hostname")
    with pytest.raises(ExportError, match="no links"):
        manifest.read(tmp_path)
