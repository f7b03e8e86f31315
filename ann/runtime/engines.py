"""The engines by name, and which of them runs an export."""

import dataclasses
import importlib
import importlib.util


@dataclasses.dataclass(frozen=True)
class _Entry:
    """An engine.

    Attributes:
        package: that it needs.
        module, name: of its class.
        format: of the exports that it runs.
        precisions: in which it computes an export in float32; one in int8 is computed as such.
    """

    package: str
    module: str
    name: str
    format: str
    precisions: tuple = ("float32",)


# Fastest first in float32 (benchmarks/anytime_latency.py).
_ENGINES = {
    "onnxruntime": _Entry(
        "onnxruntime", "ann.runtime.onnxruntime_engine", "OnnxRuntimeEngine", "onnx"
    ),
    "openvino": _Entry(
        "openvino",
        "ann.runtime.openvino_engine",
        "OpenVINOEngine",
        "onnx",
        ("float32", "bfloat16"),
    ),
    "litert": _Entry("ai_edge_litert", "ann.runtime.litert_engine", "LiteRTEngine", "litert"),
    "tensorflow": _Entry(
        "tensorflow", "ann.runtime.tensorflow_engine", "TensorFlowEngine", "saved_model"
    ),
}
ENGINES = tuple(_ENGINES)
IN_ONE_CALL = ("onnxruntime", "openvino")  # stop in the middle of one call over the network
# Format -> the first engine that runs it.
ENGINE_OF_FORMAT = {entry.format: name for name, entry in reversed(_ENGINES.items())}


def engines_of_format(format: str) -> list[str]:
    """Names of the installed engines that run exports of a format."""
    return [
        name for name, entry in _ENGINES.items() if entry.format == format and _installed(entry)
    ]


def choose(engine: str, precision, manifest) -> tuple[str, str]:
    """Name of the engine to use, and the precision in which it computes.

    Args:
        engine: name, or "auto".
        precision: name, or None for that of the export.
        manifest: of the export.

    Raises:
        ValueError: an unknown engine or precision, or one that the export is not made for.
        ImportError: the engine is not installed.
    """
    formats, exported = manifest["formats"], manifest["precision"]
    wanted = precision or exported
    if engine != "auto" and engine not in _ENGINES:
        raise ValueError(
            f"engine must be 'auto' or one of {list(_ENGINES)}. Received: engine={engine!r}"
        )
    names = _ENGINES if engine == "auto" else [engine]
    able = [name for name in names if _ENGINES[name].format in formats]
    if not able:
        raise ValueError(
            f"engine {engine!r} runs exports as {_ENGINES[engine].format!r}; this one holds "
            f"{formats}. Received: engine={engine!r}"
        )
    computing = [name for name in able if wanted in _precisions(name, exported)]
    # What rounding does depends on the engine: only those that it was measured with.
    measured = manifest["quantization"] or computing
    computing = [name for name in computing if name in measured]
    if not computing:
        known = sorted({p for name in able for p in _precisions(name, exported)})
        raise ValueError(
            f"this export in {exported} runs with engine={engine!r} in {known}. "
            f"Received: precision={precision!r}"
        )
    for name in computing:
        if _installed(_ENGINES[name]):
            return name, wanted
    packages = [_ENGINES[name].package for name in computing]
    raise ImportError(f"this export runs with one of the packages {packages}; none is installed")


def engine_class(name: str):
    """The class of an engine; imports its package."""
    entry = _ENGINES[name]
    return getattr(importlib.import_module(entry.module), entry.name)


def _precisions(name, exported):
    return _ENGINES[name].precisions if exported == "float32" else (exported,)


def _installed(entry):
    return importlib.util.find_spec(entry.package) is not None
