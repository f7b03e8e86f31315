"""One training run: its config and flags, its name and folder, training, evaluation, export."""

from ann.lazy import lazy_attributes

__getattr__ = lazy_attributes(
    {
        "RunConfig": "ann.runs.config",
        "RunFolder": "ann.runs.folder",
        "run_name": "ann.runs.identity",
    }
)

__all__ = ["RunConfig", "RunFolder", "run_name"]
