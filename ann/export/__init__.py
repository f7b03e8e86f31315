"""Export: an anytime network as SavedModel, ONNX or LiteRT, with every exit and segment callable on its own."""

from ann.export.exporter import FORMATS, export

__all__ = ["FORMATS", "export"]
