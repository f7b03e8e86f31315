"""ANN: anytime neural networks. They answer at any moment, and the better the longer they run."""

__version__ = "0.1.0"
