"""Export: an anytime network as SavedModel, ONNX or LiteRT.

Every exit and segment can be called on its own.
"""

from ann.export.exporter import export
from ann.runtime.manifest import FORMATS

__all__ = ["FORMATS", "export"]
