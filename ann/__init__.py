"""ANN: anytime neural networks, a valid answer at any moment and a better one the longer they run."""

__version__ = "0.1.0"
