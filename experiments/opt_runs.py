"""OPT: one network for each exit, trained for it alone; runs are kept by what they claim, so that many rows share them."""

import dataclasses
import hashlib
import json
import pathlib

import pandas as pd
from tqdm import tqdm

from ann import evaluation
from ann.config import RunConfig, WeightingConfig
from experiments.run_folder import RunFolder, claims
from experiments.training_run import train_once


def run_dir(config: RunConfig, runs_dir) -> pathlib.Path:
    """Folder of a run inside `runs_dir`, named by data set, model, weighting and a digest of all that the run claims.

    Equal runs have equal folders, wherever they are wanted and wherever they run.
    """
    digest = hashlib.sha256(json.dumps(claims(config), sort_keys=True).encode()).hexdigest()[:12]
    return pathlib.Path(runs_dir) / f"{config.data.dataset}-{config.model.model}-{config.weighting.weighting}-{digest}"


def opt_config(config: RunConfig, exit_index: int) -> RunConfig:
    """The run of OPT at an exit that a run is compared with: the same data, network and schedule, that exit's loss alone."""
    return dataclasses.replace(
        config,
        weighting=WeightingConfig(weighting="opt", opt_at=exit_index),
        training=dataclasses.replace(config.training, training_mode="joint"),
    )


def opt_runs(config: RunConfig, exits, runs_dir) -> dict[int, RunFolder]:
    """Trains OPT at these exits, but for the runs that `runs_dir` holds already.

    Args:
        config: a run to compare with OPT; its weighting, sampler and training mode do not matter.
        exits: 0-based exits: `range(num_exits)`, or `evaluation.milestone_exits` of its curve.
        runs_dir: folder of many runs.

    Returns:
        Dictionary from exit to the finished run's folder.
    """
    runs = {k: opt_config(config, k) for k in exits}
    return {k: train_once(run, run_dir(run, runs_dir), verbose=0) for k, run in tqdm(runs.items(), desc="OPT")}


def opt_curve(runs: dict[int, RunFolder]) -> pd.DataFrame:
    """OPT's anytime curve (`evaluation.opt_curve`) from the runs of `opt_runs`."""
    return evaluation.opt_curve({k: pd.read_csv(folder.curve) for k, folder in runs.items()})


def opt_training_losses(runs: dict[int, RunFolder]) -> pd.DataFrame:
    """OPT's training losses (`evaluation.final_losses`) from the runs of `opt_runs`, for 001 Fig. 3."""
    return evaluation.opt_curve({k: evaluation.final_losses(pd.read_csv(folder.epochs)) for k, folder in runs.items()})
