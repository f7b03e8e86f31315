"""Where training stands: the trainer's own count, for the optimizer's leaves out steps that
overflow.
"""

import dataclasses


@dataclasses.dataclass
class Position:
    """Counts of a training run.

    Attributes:
        steps_per_epoch: batches in an epoch.
        epoch: epochs that are finished: trained, evaluated and in the logs.
        step: batches of the epoch in progress that are trained, 0..steps_per_epoch; all of them
            while the epoch is evaluated.
        seconds: of training in the epoch in progress, over all processes that took part.
        best: lowest value so far of what decides on the best epoch.
        best_by: name of what decides.
    """

    steps_per_epoch: int
    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    best: float | None = None
    best_by: str | None = None

    @property
    def steps_done(self) -> int:
        """Batches trained since the start."""
        return self.epoch * self.steps_per_epoch + self.step

    @property
    def next_batch(self) -> tuple[int, int]:
        """Epoch and step, both 0-based, of the next batch to train on."""
        return divmod(self.steps_done, self.steps_per_epoch)

    def finish_epoch(self) -> None:
        """Goes to the start of the next epoch."""
        self.epoch += 1
        self.step = 0
        self.seconds = 0.0

    def to_dict(self) -> dict:
        """Plain values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> "Position":
        """The inverse of `to_dict`."""
        return cls(**values)
