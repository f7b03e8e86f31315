"""Exits: where they are and what they are called (`placement`), and their heads (`heads`)."""

from ann.exits.heads import (
    class_token_head,
    default_head,
    has_head,
    linear_head,
    map_head,
    multi_scale_head,
    sequence_head,
    token_head,
    vector_head,
)
from ann.exits.placement import every, exit_names, require_unit

__all__ = [
    "class_token_head",
    "default_head",
    "every",
    "exit_names",
    "has_head",
    "linear_head",
    "map_head",
    "multi_scale_head",
    "require_unit",
    "sequence_head",
    "token_head",
    "vector_head",
]
