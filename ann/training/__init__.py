"""What a training run needs beside the model: optimizer, schedule, callbacks, distribution."""

from ann.training.callbacks import EpochLog, ExitWeightLog, RaiseOnNaN
from ann.training.checkpoint import Checkpoint, restore
from ann.training.distribution import strategy
from ann.training.optimizer import L2SGD
from ann.training.schedules import step_schedule

__all__ = [
    "L2SGD",
    "Checkpoint",
    "EpochLog",
    "ExitWeightLog",
    "RaiseOnNaN",
    "restore",
    "step_schedule",
    "strategy",
]
