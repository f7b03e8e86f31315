"""Reading an export: its manifest, and whether every file is the one that was written."""

import hashlib
import json
import pathlib

VERSION = 1


class ExportError(ValueError):
    """The folder does not hold a whole export."""


def checksum(file: pathlib.Path) -> str:
    """SHA-256 of a file, as the manifest has it."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def find(path) -> pathlib.Path:
    """The folder of an export; the previous one where a process died while it put a new one in its place."""
    path = pathlib.Path(path).absolute()
    previous = path.with_name(f".{path.name}.previous")
    return previous if not path.exists() and previous.exists() else path


def read(path: pathlib.Path) -> dict:
    """`manifest.json` of an export whose files are whole.

    Raises:
        ExportError: no manifest, one of another version, or a file that is missing or not the one
            written.
    """
    file = path / "manifest.json"
    if not file.is_file():
        raise ExportError(f"an export holds a manifest.json. Received: path={str(path)!r}")
    try:
        manifest = json.loads(file.read_text())
        version, checksums = manifest["manifest_version"], manifest["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise ExportError(
            f"manifest.json cannot be read ({error!r}). Received: path={str(path)!r}"
        ) from error
    if version != VERSION:
        raise ExportError(
            f"this runtime reads manifests of version {VERSION}. Received: manifest_version={version!r}"
        )
    for name, expected in checksums.items():
        part = path / name
        if not part.is_file():
            raise ExportError(
                f"the export lacks a file of its manifest; export it again. Received: {name!r} missing in {path}"
            )
        if checksum(part) != expected:
            raise ExportError(
                f"a file is not the one that was exported; export again. Received: {name!r} changed in {path}"
            )
    return manifest
