"""The main job in miniature: what it leaves, killed and resumed, and what it refuses."""

import contextlib
import dataclasses
import errno
import json
import os
import shutil
import signal

import keras
import numpy as np
import pandas as pd
import pytest

from ann import data as ann_data
from ann import models, training
from ann.runs import build
from ann.runs.config import (
    DataConfig,
    ModelConfig,
    RunConfig,
    RuntimeConfig,
    TrainingConfig,
    WeightingConfig,
)
from ann.runs.folder import RunFolder, RunFolderError
from ann.runs.signals import Stopped
from ann.runs.train import RunError, train
from ann.training.workers import OneWorker

TINY = RunConfig(
    data=DataConfig(dataset="synthetic", batch_size=64),
    model=ModelConfig(model="resann-n1-c4"),
    training=TrainingConfig(epochs=3, learning_rate=0.05),
)


def small_network(config, num_classes, image_shape):
    """Three exits like TINY's, in a third of the time: what a run does is the same for every
    network."""
    del config
    segments, heads, shape = [], [], image_shape
    for _ in range(3):
        layers = (keras.layers.Flatten(), keras.layers.Dense(6), keras.layers.BatchNormalization())
        segments.append(keras.Sequential([keras.Input(shape), *layers]))
        heads.append(keras.Sequential([keras.Input((6,)), keras.layers.Dense(num_classes)]))
        shape = (6,)
    return models.MultiExitModel(segments, heads, image_shape)


def train_small(config, folder, **options):
    return train(config, folder, verbose=0, build_model=small_network, **options)


def with_(config, **groups):
    return dataclasses.replace(
        config,
        **{name: dataclasses.replace(getattr(config, name), **v) for name, v in groups.items()},
    )


def fingerprint(config):
    return ann_data.fingerprint(build.dataset(config))


def test_a_run_leaves_everything(tmp_path):
    folder = RunFolder(tmp_path / "run")
    curve = train(TINY, folder.path, verbose=0)
    assert {path.name for path in folder.path.iterdir()} == {
        ".lock",
        "config.json",
        "data.json",
        "environment.json",
        "epochs.csv",
        "tensorboard",
        "checkpoints",
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


def same_rows(*folders):
    logs = [
        pd.read_csv(RunFolder(folder).epochs).drop(columns=["seconds", "images_per_second"])
        for folder in folders
    ]
    pd.testing.assert_frame_equal(*logs, check_exact=True)


@pytest.mark.parametrize("every", [0, 3])
def test_killed_and_resumed_equals_uninterrupted(tmp_path, every):
    config = with_(TINY, runtime={"checkpoint_every_steps": every})

    class Kill(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.model.optimizer.iterations == 8 + 5:  # in the middle of the second epoch
                raise KeyboardInterrupt

    whole = train(config, tmp_path / "whole", verbose=0)
    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path / "killed", verbose=0, callbacks=[Kill()])
    resumed = train(config, tmp_path / "killed", resume=True, verbose=0)
    pd.testing.assert_frame_equal(resumed, whole, check_exact=True)
    same_rows(tmp_path / "whole", tmp_path / "killed")
    environment = json.loads(RunFolder(tmp_path / "killed").environment.read_text())
    assert [entry["step"] for entry in environment["resumed"]] == [12 if every else 8]
    # The charts hold each epoch once, from one file.
    for kind in ("train", "validation"):
        assert len(list((RunFolder(tmp_path / "killed").tensorboard / kind).iterdir())) == 1


def test_the_best_epoch_is_kept_and_remembered(tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    for folder, callbacks in ((tmp_path / "whole", ()), (tmp_path / "killed", [Stop()])):
        with contextlib.suppress(KeyboardInterrupt):
            train_small(with_(TINY, runtime={"best": "val_loss"}), folder, callbacks=callbacks)
    train_small(with_(TINY, runtime={"best": "val_loss"}), folder, resume=True)
    log = pd.read_csv(RunFolder(folder).epochs)
    best = training.Checkpoints(RunFolder(folder).checkpoints).best
    facts, _ = training.state_file.read(best)
    assert facts["epoch"] == log.val_loss.idxmin() + 1
    assert facts["best"] == log.val_loss.min()
    model = keras.saving.load_model(RunFolder(folder).model)
    training.load_weights(model, best)


def test_what_decides_on_the_best_is_a_loss_or_an_error(tmp_path):
    with pytest.raises(ValueError, match="best must be one of.*Received: best='val_accuracy'"):
        train(with_(TINY, runtime={"best": "val_accuracy"}), tmp_path / "run", verbose=0)
    assert not (tmp_path / "run").exists()


def test_a_signal_saves_at_the_next_step(tmp_path):
    class Signal(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if batch == 5:
                os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Stopped) as stopped:
        train_small(TINY, tmp_path / "stopped", callbacks=[Signal()])
    assert stopped.value.exit_code == 143
    (checkpoint,) = training.Checkpoints(tmp_path / "stopped" / "checkpoints").newest_first()
    assert checkpoint.name == "checkpoint_000000006.state"
    resumed = train_small(TINY, tmp_path / "stopped", resume=None)
    pd.testing.assert_frame_equal(resumed, train_small(TINY, tmp_path / "whole"))
    same_rows(tmp_path / "whole", tmp_path / "stopped")


def test_a_signal_to_one_worker_in_its_last_save_stops_all(tmp_path, monkeypatch):
    """Here it came to another worker: this one hears of it when they meet after training."""
    config, log = with_(TINY, training={"epochs": 1}), tmp_path / "epochs.csv"
    monkeypatch.setattr(OneWorker, "any", lambda self, flag: flag or log.exists())
    with pytest.raises(Stopped, match="another worker was stopped") as stopped:
        train(config, tmp_path, verbose=0)
    assert stopped.value.exit_code == 143
    monkeypatch.undo()
    assert len(train(config, tmp_path, resume=True, verbose=0)) == 3


def test_the_same_seed_gives_the_same_run(tmp_path):
    curves = [train_small(TINY, tmp_path / name) for name in ("a", "b")]
    np.testing.assert_allclose(curves[0].loss, curves[1].loss, rtol=1e-5)
    other = train_small(with_(TINY, training={"seed": 1}), tmp_path / "c")
    assert (other.loss != curves[0].loss).any()


def test_a_finished_run_is_evaluated_again_not_trained(tmp_path):
    first = train_small(TINY, tmp_path)
    checkpoints = training.Checkpoints(RunFolder(tmp_path).checkpoints)
    before = [path.stat().st_mtime_ns for path in checkpoints.newest_first()]
    again = train_small(TINY, tmp_path, resume=True)
    np.testing.assert_allclose(again.loss, first.loss, rtol=1e-5)
    assert [path.stat().st_mtime_ns for path in checkpoints.newest_first()] == before


def test_two_replicas_run(tmp_path):
    config = with_(TINY, runtime={"strategy": "mirrored"}, training={"epochs": 1})
    assert np.isfinite(train(config, tmp_path, verbose=0).loss).all()


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_runs(tmp_path, precision):
    config = with_(TINY, runtime={"precision": precision}, training={"epochs": 1})
    assert np.isfinite(train(config, tmp_path, verbose=0).loss).all()


def test_the_folder_of_another_run_is_refused_and_kept(tmp_path):
    train_small(with_(TINY, training={"epochs": 1}), tmp_path)
    before = RunFolder(tmp_path).curve.read_bytes()
    with pytest.raises(RunFolderError, match="pass --resume"):
        train_small(with_(TINY, training={"epochs": 1}), tmp_path)
    for resume in (False, True):
        with pytest.raises(
            RunFolderError, match=r"another run, with gamma=0.05 instead of 0.5.*Received: run_dir="
        ):
            train_small(
                with_(TINY, training={"epochs": 1}, weighting={"gamma": 0.5}),
                tmp_path,
                resume=resume,
            )
    assert RunFolder(tmp_path).curve.read_bytes() == before


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("do not overwrite")
    with pytest.raises(RunFolderError, match="new, empty or run folder"):
        train_small(TINY, tmp_path, resume=None)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_what_cannot_be_a_run_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(RunFolderError, match="file is a file, not a folder"):
            train_small(TINY, path)
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "nothing", tmp_path / "empty"):
        with pytest.raises(RunFolderError, match="no run to resume.*Received: run_dir="):
            train_small(TINY, path, resume=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file"]
    assert list((tmp_path / "empty").iterdir()) == []


def test_two_processes_cannot_train_in_one_folder(tmp_path):
    config, data = with_(TINY, training={"epochs": 1}), {}
    with RunFolder(tmp_path).open(config, data=data):
        for resume in (True, None):
            with pytest.raises(RunFolderError, match=f"process {os.getpid()} on .* is training"):
                train_small(config, tmp_path, resume=resume)
    with RunFolder(tmp_path).open(config, resume=True, data=data):
        pass


def test_another_precision_is_refused(tmp_path):
    train_small(with_(TINY, training={"epochs": 1}), tmp_path)
    other = with_(TINY, training={"epochs": 1}, runtime={"precision": "mixed_bfloat16"})
    with pytest.raises(RunFolderError, match="precision='float32' instead of 'mixed_bfloat16'"):
        train_small(other, tmp_path, resume=True)


def test_data_that_changed_is_refused(tmp_path, class_folders):
    config = with_(
        TINY,
        data={"dataset": "class_folders", "data_dir": str(class_folders), "batch_size": 4},
        training={"epochs": 1},
    )
    with RunFolder(tmp_path / "run").open(config, data=fingerprint(config)):
        pass
    moved = class_folders / "moved"
    for split in ("train", "val"):
        shutil.copytree(class_folders / split, moved / split)
    config = with_(config, data={"data_dir": str(moved)})
    RunFolder(tmp_path / "run").check(config, fingerprint(config))
    image = moved / "train" / "a" / "00.JPEG"
    image.write_bytes(image.read_bytes() + b" ")
    with pytest.raises(RunFolderError, match="data has changed.*digest of the training images"):
        train_small(config, tmp_path / "run", resume=True)
    shutil.copy(image, moved / "train" / "a" / "99.JPEG")
    with pytest.raises(RunFolderError, match="training images 13 instead of 12"):
        train_small(config, tmp_path / "run", resume=True)
    for split in ("train", "val"):
        shutil.copytree(moved / split / "a", moved / split / "d")
    with pytest.raises(RunFolderError, match="classes 4 instead of 3"):
        train_small(config, tmp_path / "run", resume=True)


def test_a_broken_image_is_one_sentence(tmp_path, class_folders, monkeypatch):
    load = build.dataset
    monkeypatch.setattr(build, "dataset", lambda config: dataclasses.replace(load(config), size=8))
    data = {"dataset": "class_folders", "data_dir": str(class_folders), "batch_size": 4}
    config = with_(TINY, data=data, training={"epochs": 1})
    for number, split in ((5, "train"), (2, "val")):
        image = class_folders / split / "b" / f"{number:02d}.JPEG"
        content = image.read_bytes()
        image.write_bytes(content[:100])
        with pytest.raises(RunError, match=f"^.*{image.name} is not an image") as error:
            train_small(config, tmp_path / "runs" / split)
        assert "\n" not in str(error.value)
        assert str(error.value).startswith(str(image))
        assert "{{" not in str(error.value)
        image.write_bytes(content)


def test_labels_outside_the_classes_are_refused(tmp_path, monkeypatch):
    load = build.dataset
    monkeypatch.setattr(build, "dataset", lambda c: dataclasses.replace(load(c), num_classes=3))
    with pytest.raises(ValueError, match=r"must be in 0..2. Received: \d+ training labels outside"):
        train(TINY, tmp_path / "run", verbose=0)


def test_a_cluster_is_refused_where_each_worker_would_train_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", '{"cluster": {"worker": ["a:1", "b:1"]}}')
    with pytest.raises(ValueError, match="TF_CONFIG.*2 workers.*Received: strategy='one_device'"):
        train(TINY, tmp_path / "run", verbose=0)


def test_a_full_disk_is_an_error_and_costs_nothing(tmp_path, monkeypatch):
    def full(path, facts, arrays):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(training.state_file, "write", full)
        with pytest.raises(OSError, match="No space left"):
            train_small(TINY, tmp_path / "run")
    assert list(RunFolder(tmp_path / "run").checkpoints.iterdir()) == []
    train_small(TINY, tmp_path / "run", resume=True)


def test_an_unreadable_config_is_refused(tmp_path):
    RunFolder(tmp_path).config.write_text("{")
    with pytest.raises(RunFolderError, match="unreadable"):
        train_small(TINY, tmp_path, resume=True)


def test_a_damaged_newest_checkpoint_costs_an_epoch_not_the_run(tmp_path, caplog):
    whole = train_small(TINY, tmp_path)
    newest = training.Checkpoints(RunFolder(tmp_path).checkpoints).newest_first()[0]
    newest.write_bytes(b"scrambled")
    before = RunFolder(tmp_path).epochs.read_text()
    resumed = train_small(TINY, tmp_path, resume=True)
    assert f"{newest.name} is wrong: the file is damaged" in caplog.text
    pd.testing.assert_frame_equal(resumed, whole, check_exact=True)
    assert len(RunFolder(tmp_path).epochs.read_text().splitlines()) == len(before.splitlines())


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


@pytest.fixture(scope="module")
def two_epochs(tmp_path_factory):
    folder = RunFolder(tmp_path_factory.mktemp("runs") / "two")
    train_small(with_(TINY, training={"epochs": 2}), folder.path)
    return folder


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("checkpoints", None, "epochs.csv has 2 epochs, but there is no checkpoint to go on from"),
        ("epochs", None, r"epochs.csv lacks epochs that the newest checkpoint has \(2\)"),
        ("epochs", "epoch,loss\n1,2.0\n", "epochs.csv lacks epochs"),
        ("epochs", "garbage\nx", "epochs.csv is damaged"),
        ("data", "{", "data.json is damaged"),
        ("environment", "[", "environment.json is damaged"),
    ],
)
def test_what_is_lost_or_damaged_in_the_folder_is_named(
    two_epochs, tmp_path, name, damage, message
):
    folder = RunFolder(tmp_path / "run")
    shutil.copytree(two_epochs.path, folder.path)
    path = getattr(folder, name)
    if damage:
        path.write_text(damage)
    else:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(RunFolderError, match=f"{message}.*Received: run_dir="):
        train_small(with_(TINY, training={"epochs": 2}), folder.path, resume=True)


def test_a_checkpoint_of_an_earlier_version_is_refused(tmp_path):
    folder = RunFolder(tmp_path)
    with folder.open(TINY):
        pass
    folder.earlier_checkpoint.write_bytes(b"weights")
    before = sorted(tmp_path.rglob("*"))
    for resume in (True, None):
        with pytest.raises(RunFolderError, match=r"an earlier version of ann.*cannot read"):
            train_small(TINY, tmp_path, resume=resume)
    assert sorted(tmp_path.rglob("*")) == before


def test_runtime_is_not_part_of_the_claim(tmp_path):
    config = with_(TINY, training={"epochs": 1})
    train_small(config, tmp_path)
    train_small(
        dataclasses.replace(config, runtime=RuntimeConfig(evaluate_every=5)),
        tmp_path,
        resume=True,
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


def test_one_by_one_each_exit_is_trained_on_top_of_those_before(tmp_path):
    config = with_(TINY, weighting={"weighting": "const"}, training={"training_mode": "one_by_one"})
    curve = train(config, tmp_path, verbose=0)
    stages = [tmp_path / "stages" / "exit_00", tmp_path / "stages" / "exit_01", tmp_path]
    found = [keras.saving.load_model(RunFolder(path).model) for path in stages]
    assert [model.num_exits for model in found] == [1, 2, 3]
    for model in found[:-1]:  # nothing that is trained changes later
        for links in ("segments", "heads"):
            for early, late in zip(getattr(model, links), getattr(found[-1], links), strict=False):
                for one, other in zip(early.get_weights(), late.get_weights(), strict=True):
                    np.testing.assert_array_equal(one, other)
    for path in stages[:-1]:
        losses = pd.read_csv(RunFolder(path).curve).loss
        np.testing.assert_allclose(losses, curve.loss[: len(losses)], rtol=1e-5)
    again = train(config, tmp_path, resume=True, verbose=0)
    np.testing.assert_allclose(again.loss, curve.loss, rtol=1e-5)


def test_weighting_config_is_used(tmp_path):
    train_small(
        dataclasses.replace(TINY, weighting=WeightingConfig(weighting="linear")),
        tmp_path,
    )
    log = pd.read_csv(RunFolder(tmp_path).epochs)
    assert log[["exit_00_weight", "exit_01_weight", "exit_02_weight"]].iloc[-1].tolist() == [
        0.25,
        0.625,
        1,
    ]
