"""The main job in miniature: what it leaves, killed and resumed, and what it refuses."""

import dataclasses
import json

import keras
import numpy as np
import pandas as pd
import pytest

from ann.runs.config import (
    DataConfig,
    ModelConfig,
    RunConfig,
    RuntimeConfig,
    TrainingConfig,
    WeightingConfig,
)
from ann.runs.folder import RunFolder, RunFolderError
from ann.runs.train import train
from experiments.collect import collect

TINY = RunConfig(
    data=DataConfig(dataset="synthetic", batch_size=64),
    model=ModelConfig(model="resann-n1-c4"),
    training=TrainingConfig(epochs=3, learning_rate=0.05),
)


def with_(config, **groups):
    return dataclasses.replace(
        config,
        **{name: dataclasses.replace(getattr(config, name), **v) for name, v in groups.items()},
    )


def test_a_run_leaves_everything(tmp_path):
    folder = RunFolder(tmp_path / "run")
    curve = train(TINY, folder.path, verbose=0)
    assert {path.name for path in folder.path.iterdir()} == {
        "config.json",
        "environment.json",
        "epochs.csv",
        "tensorboard",
        "checkpoint.weights.h5",
        "model.keras",
        "curve.csv",
        "curve.png",
        "weights.png",
        "report.html",
    }
    assert RunConfig.from_dict(json.loads(folder.config.read_text())) == TINY
    assert {"keras", "tensorflow", "python", "processor", "cores"} <= set(
        json.loads(folder.environment.read_text())
    )
    pd.testing.assert_frame_equal(pd.read_csv(folder.curve), curve)
    log = pd.read_csv(folder.epochs)
    assert len(log) == 3
    assert log.val_exit_02_error.iloc[-1] == pytest.approx(curve.error_top1.iloc[-1])
    assert log.learning_rate.tolist() == pytest.approx(
        [0.05, 0.005, 0.0005]
    )  # 8 steps an epoch: drops at 12 and 18
    assert list(folder.tensorboard.rglob("events*"))
    assert keras.saving.load_model(folder.model).num_exits == 3


@pytest.mark.parametrize("weighting", ["const", "adaloss"])
def test_killed_and_resumed_equals_uninterrupted(tmp_path, weighting):
    config = with_(TINY, weighting={"weighting": weighting})

    class Kill(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.model.optimizer.iterations == 8 + 5:  # in the middle of the second epoch
                raise KeyboardInterrupt

    whole = train(config, tmp_path / "whole", verbose=0)
    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path / "killed", verbose=0, callbacks=[Kill()])
    resumed = train(config, tmp_path / "killed", resume=True, verbose=0)
    np.testing.assert_allclose(resumed.loss, whole.loss, rtol=1e-4)
    logs = [pd.read_csv(RunFolder(tmp_path / name).epochs) for name in ("whole", "killed")]
    pd.testing.assert_frame_equal(logs[1][logs[0].columns], logs[0], rtol=1e-3)


def test_the_same_seed_gives_the_same_run(tmp_path):
    curves = [train(TINY, tmp_path / name, verbose=0) for name in ("a", "b")]
    np.testing.assert_allclose(curves[0].loss, curves[1].loss, rtol=1e-5)
    other = train(with_(TINY, training={"seed": 1}), tmp_path / "c", verbose=0)
    assert (other.loss != curves[0].loss).any()


def test_a_finished_run_is_evaluated_again_not_trained(tmp_path):
    first = train(TINY, tmp_path, verbose=0)
    before = RunFolder(tmp_path).checkpoint.stat().st_mtime_ns
    again = train(TINY, tmp_path, resume=True, verbose=0)
    np.testing.assert_allclose(again.loss, first.loss, rtol=1e-5)
    assert RunFolder(tmp_path).checkpoint.stat().st_mtime_ns == before


def test_two_replicas_run(tmp_path):
    config = with_(TINY, runtime={"strategy": "mirrored"}, training={"epochs": 1})
    assert np.isfinite(train(config, tmp_path, verbose=0).loss).all()


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_runs(tmp_path, precision):
    config = with_(TINY, runtime={"precision": precision}, training={"epochs": 1})
    assert np.isfinite(train(config, tmp_path, verbose=0).loss).all()


def test_the_folder_of_another_run_is_refused_and_kept(tmp_path):
    train(with_(TINY, training={"epochs": 1}), tmp_path, verbose=0)
    before = RunFolder(tmp_path).curve.read_bytes()
    with pytest.raises(RunFolderError, match="pass --resume"):
        train(with_(TINY, training={"epochs": 1}), tmp_path, verbose=0)
    for resume in (False, True):
        with pytest.raises(
            RunFolderError, match=r"another run, with gamma=0.05 instead of 0.5.*Received: run_dir="
        ):
            train(
                with_(TINY, training={"epochs": 1}, weighting={"gamma": 0.5}),
                tmp_path,
                resume=resume,
                verbose=0,
            )
    assert RunFolder(tmp_path).curve.read_bytes() == before


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("do not overwrite")
    with pytest.raises(RunFolderError, match="new, empty or run folder"):
        train(TINY, tmp_path, resume=True, verbose=0)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_an_unreadable_config_is_refused(tmp_path):
    RunFolder(tmp_path).config.write_text("{")
    with pytest.raises(RunFolderError, match="unreadable"):
        train(TINY, tmp_path, resume=True, verbose=0)


def test_a_corrupt_checkpoint_is_refused_and_kept(tmp_path):
    folder = RunFolder(tmp_path)
    train(with_(TINY, training={"epochs": 1}), tmp_path, verbose=0)
    folder.checkpoint.write_bytes(b"scrambled")
    with pytest.raises(ValueError, match="corrupt"):
        train(with_(TINY, training={"epochs": 1}), tmp_path, resume=True, verbose=0)
    assert folder.checkpoint.read_bytes() == b"scrambled"


def test_a_nan_loss_stops_the_run_and_keeps_the_last_checkpoint(tmp_path):
    config = with_(TINY, training={"learning_rate": 1e30, "epochs": 1})
    with pytest.raises(FloatingPointError, match="not finite at exit_0"):
        train(config, tmp_path, verbose=0)
    assert not RunFolder(tmp_path).curve.exists()


@pytest.mark.parametrize(
    ("groups", "received"),
    [
        ({"data": {"dataset": "mnist"}}, "dataset='mnist'"),
        ({"model": {"model": "resann-n0-c4"}}, "n=0"),
        ({"model": {"s": 4}}, "s=4"),
        ({"weighting": {"weighting": "ada"}}, "weighting='ada'"),
        ({"weighting": {"weighting": "opt", "opt_at": 3}}, "exit=3"),
        ({"weighting": {"sampler": "thompson"}}, "sampler='thompson'"),
        ({"data": {"batch_size": 600}}, "batch_size=600"),
        ({"data": {"train_examples": 1000}}, "train_examples=1000"),
        ({"runtime": {"strategy": "mirrored"}, "data": {"batch_size": 63}}, "batch_size=63"),
    ],
)
def test_bad_configs_are_refused_before_the_folder_is_made(tmp_path, groups, received):
    with pytest.raises(ValueError, match=f"Received: {received}"):
        train(with_(TINY, **groups), tmp_path / "run", verbose=0)
    assert not (tmp_path / "run").exists()


def test_missing_data_is_refused_before_the_folder_is_made(tmp_path):
    with pytest.raises(FileNotFoundError, match="tfds build cifar10"):
        train(
            with_(TINY, data={"dataset": "cifar10", "data_dir": str(tmp_path)}),
            tmp_path / "run",
            verbose=0,
        )
    assert not (tmp_path / "run").exists()


def test_runtime_is_not_part_of_the_claim(tmp_path):
    config = with_(TINY, training={"epochs": 1})
    train(config, tmp_path, verbose=0)
    train(
        dataclasses.replace(config, runtime=RuntimeConfig(evaluate_every=5)),
        tmp_path,
        resume=True,
        verbose=0,
    )


def test_samplers_and_modes_run_and_resume(tmp_path):
    sampled = with_(TINY, weighting={"weighting": "sieve", "sampler": "exp3"})
    train(sampled, tmp_path / "sampled", verbose=0)
    log = pd.read_csv(RunFolder(tmp_path / "sampled").epochs)
    np.testing.assert_allclose(
        log[[f"exit_{k:02d}_probability" for k in range(3)]].sum(axis=1), 1, rtol=1e-5
    )
    assert RunFolder(tmp_path / "sampled").sampling_figure.exists()
    greedy = train(
        with_(TINY, training={"training_mode": "no_grad"}), tmp_path / "greedy", verbose=0
    )
    assert np.isfinite(greedy.loss).all()


@pytest.mark.parametrize(
    ("weighting", "exits"), [({"weighting": "const"}, 3), ({"weighting": "opt", "opt_at": 0}, 1)]
)
def test_midfeat_trains_heads_on_the_features_of_the_final_exit(tmp_path, weighting, exits):
    config = with_(TINY, weighting=weighting, training={"training_mode": "midfeat"})
    curve = train(config, tmp_path, verbose=0)
    first, second = (
        keras.saving.load_model(RunFolder(path).model)
        for path in (tmp_path / "final_exit", tmp_path)
    )
    assert (first.num_exits, second.num_exits) == (3, exits)
    for mine, theirs in zip(second.segments, first.segments, strict=False):
        for w, w_first in zip(mine.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_array_equal(w, w_first)
    untrained = pd.read_csv(RunFolder(tmp_path / "final_exit").curve)
    assert (
        curve.loss.iloc[0] < untrained.loss.iloc[0]
    )  # the first head is trained in the second phase only
    np.testing.assert_allclose(
        train(config, tmp_path, resume=True, verbose=0).loss, curve.loss, rtol=1e-5
    )


def test_weighting_config_is_used(tmp_path):
    train(
        dataclasses.replace(TINY, weighting=WeightingConfig(weighting="linear")),
        tmp_path,
        verbose=0,
    )
    log = pd.read_csv(RunFolder(tmp_path).epochs)
    assert log[["exit_00_weight", "exit_01_weight", "exit_02_weight"]].iloc[-1].tolist() == [
        0.25,
        0.625,
        1,
    ]
