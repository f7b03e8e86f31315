"""Runtime: exported anytime networks that answer within a deadline, with NumPy and one engine, without Keras."""

from ann.runtime.early_exit import EarlyExits
from ann.runtime.manifest import ExportError
from ann.runtime.predictor import ENGINE_OF_FORMAT, Answer, AnytimePredictor

__all__ = ["ENGINE_OF_FORMAT", "Answer", "AnytimePredictor", "EarlyExits", "ExportError"]
