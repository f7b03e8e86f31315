"""What a training run needs beside the model: loop, checkpoints, optimizer, schedule, callbacks."""

from ann.training.callbacks import EpochCharts, EpochLog, ExitWeightLog, RaiseOnNaN
from ann.training.checkpoint import Checkpoints, load_weights
from ann.training.distribution import strategy
from ann.training.loop import TrainingLoop
from ann.training.optimizer import L2SGD
from ann.training.position import Position
from ann.training.schedules import step_schedule
from ann.training.state_file import DamagedStateError

__all__ = [
    "L2SGD",
    "Checkpoints",
    "DamagedStateError",
    "EpochCharts",
    "EpochLog",
    "ExitWeightLog",
    "Position",
    "RaiseOnNaN",
    "TrainingLoop",
    "load_weights",
    "step_schedule",
    "strategy",
]
