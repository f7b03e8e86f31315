"""What can go wrong in a run for a reason that its message tells."""


class RunError(RuntimeError):
    """A run cannot go on: its data ended early, or an operation failed, as on a broken image."""
