"""What a result was made with: versions and hardware."""

import importlib.metadata
import os
import pathlib
import platform

import keras

import ann


def environment() -> dict:
    """Versions of what matters, processor, cores and accelerators, as plain values."""
    packages = ("keras", "tensorflow", "numpy", "tensorflow-datasets")
    return {
        "ann": ann.__version__,
        "python": platform.python_version(),
        **{package: _version(package) for package in packages},
        "backend": keras.config.backend(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "accelerators": _accelerators(),
    }


def cells(values: dict) -> dict:
    """The same as cells of a table: lists become words."""
    return {
        key: " ".join(map(str, value)) if isinstance(value, list) else value
        for key, value in values.items()
    }


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
    if keras.config.backend() != "tensorflow":
        return [str(device) for device in keras.distribution.list_devices("gpu")]
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    return [
        tf.config.experimental.get_device_details(device).get("device_name", "GPU")
        for device in devices
    ]
