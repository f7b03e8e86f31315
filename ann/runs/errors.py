"""What can go wrong in a run for a reason that its message tells."""


class RunError(RuntimeError):
    """A run cannot go on: its data ended early, or an operation failed, as on a broken image."""


class LostWorkerError(RunError):
    """A run on several workers cannot go on, because one of them ended.

    Args:
        reason: what the engine knows of it.
    """

    def __init__(self, reason: str):
        super().__init__(
            f"another worker ended or cannot be reached ({reason}). "
            "When it is back, start all workers again with --start_or_resume"
        )
