"""Export: an anytime network as SavedModel, ONNX or LiteRT.

Every exit and segment can be called on its own.
"""

from ann.export.arguments import check_formats
from ann.export.exporter import export
from ann.runtime.manifest import FORMATS

__all__ = ["FORMATS", "check_formats", "export"]
