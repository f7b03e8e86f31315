"""What a result was made with: versions and hardware."""

import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
import subprocess

import keras

import ann
from ann.atomic_write import atomic_path


def environment() -> dict:
    """Date, commit, versions of what matters, processor, cores, accelerators, as plain values."""
    packages = ("keras", "tensorflow", "jax", "numpy", "tensorflow-datasets")
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "ann": ann.__version__,
        "commit": _commit(),
        "python": platform.python_version(),
        **{package: _version(package) for package in packages},
        "backend": keras.config.backend(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "accelerators": _accelerators(),
    }


def record(path, step: int) -> None:
    """Writes `environment()` to a file; where there is one already, adds it to its list `resumed`.

    Args:
        path: JSON file of a run.
        step: training steps that the run has done by now.
    """
    path, values = pathlib.Path(path), environment()
    if path.exists():
        first = json.loads(path.read_text())
        values = {**first, "resumed": [*first.get("resumed", []), {"step": step, **values}]}
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(values, indent=2) + "\n")


def cells(values: dict) -> dict:
    """The same as cells of a table: lists become words; what a run was resumed with is left out."""
    return {
        key: " ".join(map(str, value)) if isinstance(value, list) else value
        for key, value in values.items()
        if key != "resumed"
    }


def _commit() -> str | None:
    """The commit of the checkout that the library is used from, with `+changes` if it has any, or
    what the file COMMIT beside it says; None without both.
    """
    git = ["git", "-C", str(pathlib.Path(ann.__file__).parent)]
    try:
        # An installed library may be inside the checkout of another project.
        _output([*git, "ls-files", "--error-unmatch", "__init__.py"])
        commit = _output([*git, "rev-parse", "HEAD"])
        return commit + ("+changes" if _output([*git, "status", "--porcelain", "."]) else "")
    except (OSError, subprocess.CalledProcessError):
        path = pathlib.Path(ann.__file__).parents[1] / "COMMIT"
        return path.read_text().strip() if path.exists() else None


def _output(command):
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return run.stdout.strip()


def _version(package: str) -> str | None:
    """None for what is not installed, as TensorFlow on a machine that trains with JAX."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    """Model name of the processor and the instruction sets that decide the speed of bfloat16."""
    path = pathlib.Path("/proc/cpuinfo")
    if not path.exists():
        return platform.processor() or platform.machine()
    facts = dict(
        line.split(":", 1) for line in path.read_text().split("\n\n")[0].splitlines() if ":" in line
    )
    facts = {key.strip(): value.strip() for key, value in facts.items()}
    extensions = [
        flag
        for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
        if flag in facts.get("flags", "").split()
    ]
    return " ".join([facts.get("model name", platform.machine()), *extensions])


def _accelerators() -> list[str]:
    if keras.config.backend() == "jax":
        import jax

        return [one.device_kind for one in jax.local_devices() if one.platform != "cpu"]
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    return [
        tf.config.experimental.get_device_details(device).get("device_name", "GPU")
        for device in devices
    ]
