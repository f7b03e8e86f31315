"""What a borrowed accelerator needs to train declared runs: a machine with JAX and no network.

A kit is a folder of files that are small enough to be carried one by one: the code, the data sets
that the runs need as .npz files, the list of wheels to bring, and a script that trains.
"""

import importlib.metadata
import io
import pathlib
import tarfile

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ann import data
from ann.atomic_write import atomic_path
from ann.data.packed import pack
from ann.runs.environment import environment

ROOT = pathlib.Path(__file__).parents[2]
MOST_BYTES = 64 * 2**20
_CODE = ("ann", "experiments", "pyproject.toml", "setup.py", "third_party")
_PACKED = ("cifar10", "cifar100", "svhn")
_LEFT_OUT = {"__pycache__", "results", "presets", ".ipynb_checkpoints"}
_SCRIPT = """#!/bin/sh
# Trains the declared runs that are wanted most and leaves their rows in rows/:
#     ./run.sh --scale=paper --hours=0.45
# Called again, it goes on with what is not finished. runs/ holds the runs.
set -e
cd "$(dirname "$0")"
here=$PWD python=${PYTHON:-python3}
mkdir -p code
tar -xzf code.tar.gz -C code
test ! -d wheels || $python -m pip install -q --no-index --find-links wheels -r wheels.txt
# Preallocated memory would belong to the process that only hands out the runs.
export KERAS_BACKEND=jax TFDS_DATA_DIR="$here/data" XLA_PYTHON_CLIENT_PREALLOCATE=false
cd code
exec $python -m experiments.run --queue --runs_dir="$here/runs" --results_dir="$here/rows" "$@"
"""


def make(folder, datasets, data_dir=None, most_bytes: int = MOST_BYTES) -> list[pathlib.Path]:
    """Writes a kit.

    Args:
        folder: of the kit.
        datasets: names of data sets to bring.
        data_dir: as for `ann.data.load`.
        most_bytes: no file may become larger.

    Returns:
        The files.

    Raises:
        ValueError: a data set has no packed form, or the code becomes too large.
        FileNotFoundError: a data set is not prepared.
    """
    folder = pathlib.Path(folder)
    if not set(datasets) <= set(_PACKED):
        raise ValueError(
            f"datasets must be some of {', '.join(_PACKED)}; digits needs no files. "
            f"Received: datasets={','.join(datasets)}"
        )
    paths = [_pack_code(folder / "code.tar.gz")]
    for name, text in (("wheels.txt", "\n".join(wheels()) + "\n"), ("run.sh", _SCRIPT)):
        with atomic_path(folder / name) as temporary:
            temporary.write_text(text)
        paths.append(folder / name)
    (folder / "run.sh").chmod(0o755)
    for name in datasets:
        paths += pack(data.load(name, data_dir=data_dir), folder / "data", most_bytes)
    for path in paths:
        if path.stat().st_size > most_bytes:
            raise ValueError(f"{path} has {path.stat().st_size} bytes. Received: {most_bytes=}")
    return paths


def _pack_code(path):
    with atomic_path(path) as temporary, tarfile.open(temporary, "w:gz") as archive:
        for name in _CODE:
            archive.add(ROOT / name, name, filter=_kept)
        commit = f"{environment()['commit']}\n".encode()
        member = tarfile.TarInfo("COMMIT")
        member.size = len(commit)
        archive.addfile(member, io.BytesIO(commit))
    return path


def _kept(member):
    return None if _LEFT_OUT & set(pathlib.PurePath(member.name).parts) else member


def wheels() -> list[str]:
    """What to install on a machine that has JAX, as `name==version`: the versions that are here.

    Raises:
        ModuleNotFoundError: something of it is not installed here.
    """
    files = [ROOT / "third_party" / "requirements" / f"{name}.txt" for name in ("base", "jax")]
    lines = [line for file in files for line in file.read_text().splitlines()]
    needed = _closure(line for line in lines if line and not line.startswith("#"))
    there = _closure(["jax"])
    return [f"{name}=={needed[name]}" for name in sorted(set(needed) - set(there))]


def _closure(requirements) -> dict[str, str]:
    """Versions of all packages that these requirements need, here."""
    found: dict[str, str] = {}
    left = [Requirement(line) for line in requirements]
    while left:
        one = left.pop()
        name = canonicalize_name(one.name)
        if name in found or (one.marker and not one.marker.evaluate({"extra": ""})):
            continue
        found[name] = importlib.metadata.version(name)
        left += map(Requirement, importlib.metadata.requires(name) or [])
    return found
