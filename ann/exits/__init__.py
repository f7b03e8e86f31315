"""Exits: where they are and what they are called (`placement`), and their heads (`heads`)."""

from ann.exits.heads import linear_head, multi_scale_head, sequence_head, vector_head
from ann.exits.placement import every, exit_names, require_unit

__all__ = [
    "every",
    "exit_names",
    "linear_head",
    "multi_scale_head",
    "require_unit",
    "sequence_head",
    "vector_head",
]
