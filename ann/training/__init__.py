"""What a training run needs beside the model: optimizer, schedule, callbacks, distribution."""

from ann.training.averaging import EvaluateAverage, averaged_weights
from ann.training.callbacks import EpochLog, ExitWeightLog, RaiseOnNaN
from ann.training.checkpoint import Checkpoint, restore
from ann.training.distribution import strategy
from ann.training.optimizer import L2SGD, KernelAdamW
from ann.training.schedules import WarmUp, cosine_schedule, step_schedule

__all__ = [
    "L2SGD",
    "Checkpoint",
    "EpochLog",
    "EvaluateAverage",
    "ExitWeightLog",
    "KernelAdamW",
    "RaiseOnNaN",
    "WarmUp",
    "averaged_weights",
    "cosine_schedule",
    "restore",
    "step_schedule",
    "strategy",
]
