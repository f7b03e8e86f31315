import dataclasses

import pandas as pd
import pytest

from ann import evaluation
from ann.config import DataConfig, ModelConfig, RunConfig, RuntimeConfig, TrainingConfig, WeightingConfig
from experiments.opt_runs import opt_config, opt_curve, opt_runs, opt_training_losses, run_dir
from experiments.run_folder import RunFolderError
from experiments.training_run import train_once

CONFIG = RunConfig(
    data=DataConfig(dataset="synthetic", batch_size=64),
    model=ModelConfig(model="resann-n1-c4"),
    weighting=WeightingConfig(weighting="adaloss", gamma=0.15, sampler="aann"),
    training=TrainingConfig(epochs=1, learning_rate=0.05, training_mode="no_grad"),
)


def test_opt_is_trained_once_and_shared(tmp_path):
    runs = opt_runs(CONFIG, [0, 2], tmp_path)
    curve, losses = opt_curve(runs), opt_training_losses(runs)
    assert curve.exit.tolist() == losses.exit.tolist() == [0, 2]
    own = {k: (pd.read_csv(folder.curve), pd.read_csv(folder.epochs)) for k, folder in runs.items()}
    assert curve.error_top1.tolist() == [own[0][0].error_top1[0], own[2][0].error_top1[2]]
    assert losses.loss.tolist() == [own[0][1].exit_00_loss.iloc[-1], own[2][1].exit_02_loss.iloc[-1]]
    assert evaluation.milestone_exits(curve.fraction, "latest") == [0, 1]

    # Another row of the table, on another precision and from another data folder, finds the same runs.
    other = dataclasses.replace(
        CONFIG,
        data=dataclasses.replace(CONFIG.data, data_dir=str(tmp_path)),
        weighting=WeightingConfig(weighting="const"),
        runtime=RuntimeConfig(precision="mixed_bfloat16"),
    )
    before = {folder.curve: folder.curve.stat().st_mtime_ns for folder in runs.values()}
    assert opt_runs(other, [0, 2], tmp_path) == runs
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_other_claims_have_other_folders(tmp_path):
    seeds = [dataclasses.replace(CONFIG, training=dataclasses.replace(CONFIG.training, seed=seed)) for seed in (0, 1)]
    assert len({run_dir(opt_config(config, k), tmp_path) for config in seeds for k in (0, 1)}) == 4
    assert run_dir(seeds[0], tmp_path).name.startswith("synthetic-resann-n1-c4-adaloss-")


def test_a_finished_run_of_something_else_is_refused(tmp_path):
    (folder,) = opt_runs(CONFIG, [0], tmp_path).values()
    with pytest.raises(RunFolderError, match="opt_at=0 instead of 1"):
        train_once(opt_config(CONFIG, 1), folder.path, verbose=0)
