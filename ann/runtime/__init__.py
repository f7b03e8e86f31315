"""Runtime: exported anytime networks that answer within a deadline.

It needs NumPy and one engine, and neither Keras nor the training code.
"""

from ann.runtime.early_exit import EarlyExits
from ann.runtime.engines import ENGINE_OF_FORMAT, ENGINES, engines_of_format
from ann.runtime.manifest import ExportError
from ann.runtime.predictor import Answer, AnytimePredictor

__all__ = [
    "ENGINES",
    "ENGINE_OF_FORMAT",
    "Answer",
    "AnytimePredictor",
    "EarlyExits",
    "ExportError",
    "engines_of_format",
]
