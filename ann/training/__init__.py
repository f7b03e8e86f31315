"""What a training run needs beside the model: loop, checkpoints, optimizer, schedule, callbacks."""

from ann.training.averaging import EvaluateAverage, averaged_weights
from ann.training.callbacks import EpochLog, ExitWeightLog, RaiseOnNaN
from ann.training.checkpoint import Checkpoints, load_weights
from ann.training.distribution import strategy
from ann.training.engines import engine
from ann.training.epoch_charts import EpochCharts
from ann.training.loop import TrainingLoop
from ann.training.optimizer import L2SGD, KernelAdamW
from ann.training.position import Position
from ann.training.schedules import WarmUp, cosine_schedule, step_schedule
from ann.training.state_file import DamagedStateError

__all__ = [
    "L2SGD",
    "Checkpoints",
    "DamagedStateError",
    "EpochCharts",
    "EpochLog",
    "EvaluateAverage",
    "ExitWeightLog",
    "KernelAdamW",
    "Position",
    "RaiseOnNaN",
    "TrainingLoop",
    "WarmUp",
    "averaged_weights",
    "cosine_schedule",
    "engine",
    "load_weights",
    "step_schedule",
    "strategy",
]
