"""Options of a recipe through a whole run: resumed exactly, refused with a reason."""

import dataclasses
import itertools
import pathlib

import keras
import numpy as np
import pandas as pd
import pytest

from ann.runs import build
from ann.runs.config import OWNERS, RunConfig, TrainingConfig
from ann.runs.folder import RunFolder
from ann.runs.identity import differences, run_name
from ann.runs.recipe_fields import DataRecipe, TrainingRecipe
from ann.runs.train import train

TINY = {
    "dataset": "synthetic",
    "batch_size": 128,
    "model": "resann-n1-c4",
    "epochs": 2,
    "learning_rate": 0.05,
}
EVERYTHING = {
    "randaugment": 1,
    "randaugment_magnitude": 0.3,
    "random_erasing": 0.25,
    "mixup": 0.2,
    "cutmix": 1.0,
    "schedule": "cosine",
    "warmup_epochs": 0.5,
    "nesterov": True,
    "decay_on": "all",
    "ema": 0.7,
    "label_smoothing": 0.1,
    "distillation": 0.3,
    "distillation_temperature": 2.0,
    "drop_path": 0.2,
    "training_mode": "equilibrium",
    "sampler": "exp3",
}
OPTIONS = {field.name for cls in (DataRecipe, TrainingRecipe) for field in dataclasses.fields(cls)}


def config(**fields):
    return RunConfig.from_fields(TINY | fields)


class Kill(keras.callbacks.Callback):
    """Ends the run in the middle of its second epoch."""

    def on_train_batch_end(self, batch, logs=None):
        if self.model.optimizer.iterations == 4 + 2:
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"optimizer": "adamw", "weight_decay": 0.05, "nesterov": False, "randaugment": 0}
        | {"randaugment_magnitude": 0.5, "weighting": "uncertainty", "sampler": None},
    ],
)
def test_killed_and_resumed_equals_uninterrupted(tmp_path, changes):
    wanted = config(**EVERYTHING | changes)
    whole = train(wanted, tmp_path / "whole", verbose=0)
    assert np.isfinite(whole.loss).all()
    with pytest.raises(KeyboardInterrupt):
        train(wanted, tmp_path / "killed", verbose=0, callbacks=[Kill()])
    resumed = train(wanted, tmp_path / "killed", resume=True, verbose=0)
    np.testing.assert_allclose(resumed.loss, whole.loss, rtol=1e-4)
    again = train(wanted, tmp_path / "killed", resume=True, verbose=0)  # finished: evaluated again
    np.testing.assert_allclose(again.loss, whole.loss, rtol=1e-4)
    logs = [pd.read_csv(RunFolder(tmp_path / name).epochs) for name in ("whole", "killed")]
    columns = [name for name in logs[0] if "seconds" not in name and "images_per" not in name]
    pd.testing.assert_frame_equal(logs[1][columns], logs[0][columns], rtol=1e-3)


def test_drop_path_and_half_precision_train(tmp_path):
    wanted = config(drop_path=0.5, ema=0.5, mixup=0.2, precision="mixed_float16", epochs=1)
    assert np.isfinite(train(wanted, tmp_path, verbose=0).loss).all()


def test_options_off_name_no_run():
    """Off is the default of each option, so runs from before have their names still."""
    assert differences(config()) == differences(RunConfig.from_fields(TINY))
    assert not any(name.split(".")[1] in OPTIONS for name in differences(config()))
    assert set(OWNERS) >= OPTIONS
    names = {run_name(config(**EVERYTHING)), run_name(config()), run_name(config(ema=0.5))}
    assert len(names) == 3


def test_every_option_is_explained():
    text = (pathlib.Path(__file__).parents[2] / "docs" / "recipe.md").read_text()
    for name in OPTIONS:
        assert f"`--{name}`" in text, name


def test_schedule_and_optimizer_are_as_asked_for():
    sgd = build.optimizer(config(schedule="cosine", warmup_epochs=1, nesterov=True, ema=0.9), 4, 3)
    rates = [float(sgd._learning_rate(step)) for step in (0, 3, 4, 8)]
    cosine = [0.025 * (1 + np.cos(np.pi * step / 8)) for step in (0, 3, 4, 8)]
    np.testing.assert_allclose(rates, np.multiply(cosine, [0.25, 1, 1, 1]), rtol=1e-4, atol=1e-8)
    assert (sgd.nesterov, sgd.use_ema, sgd.ema_momentum) == (True, True, 0.9)
    adamw = build.optimizer(config(optimizer="adamw", weight_decay=0.03, decay_on="all"), 4, 3)
    assert (adamw.weight_decay, adamw.decay_on, adamw.use_ema) == (0.03, "all", False)


def test_the_learning_rate_grows_with_the_images_of_an_update():
    fields = {"base_batch_size": 32, "accumulate_steps": 2, "warmup_epochs": 1}
    rate = build.optimizer(config(**fields), 4, 3)._learning_rate
    np.testing.assert_allclose([rate(0), rate(3)], [0.05 * 256 / 32 / 4, 0.05 * 256 / 32])
    authors = {"preset": "author_code", "dataset": "imagenet2012", "batch_size": 512}
    scaled = RunConfig.from_fields(authors | {"base_batch_size": 256})  # once, not twice
    assert float(build.optimizer(scaled, 4, 3)._learning_rate(0)) == pytest.approx(0.2)


REFUSED = [
    ({"base_batch_size": 0}, "base_batch_size must be at least 1"),
    ({"optimizer": "adamw", "base_batch_size": 64}, "base_batch_size scales .* for sgd"),
    ({"schedule": "linear"}, "schedule must be one of"),
    ({"optimizer": "adam"}, "optimizer must be one of"),
    ({"decay_on": "biases"}, "decay_on must be one of"),
    ({"ema": 1.0}, r"ema must be in \[0, 1\)"),
    ({"label_smoothing": -0.1}, r"label_smoothing must be in \[0, 1\)"),
    ({"drop_path": 1}, r"drop_path must be in \[0, 1\)"),
    ({"distillation": 1.5}, r"distillation must be in \[0, 1\]"),
    ({"mixup": -1}, "mixup must not be negative"),
    ({"cutmix": float("nan")}, "cutmix must not be negative"),
    ({"random_erasing": 2}, r"random_erasing must be in \[0, 1\]"),
    ({"randaugment": -1}, "randaugment must not be negative"),
    ({"warmup_epochs": 3}, "warmup_epochs must not exceed epochs"),
    ({"schedule": "cosine", "lr_drop_at": (0.3, 0.6)}, "lr_drop_at has no effect: schedule is"),
    ({"weight_decay": 0.1}, "weight_decay has no effect: optimizer is sgd"),
    ({"optimizer": "adamw", "l2": 1e-3}, "l2 has no effect: optimizer is adamw"),
    ({"optimizer": "adamw", "momentum": 0.8}, "momentum has no effect: optimizer is adamw"),
    ({"optimizer": "adamw", "nesterov": True}, "nesterov has no effect: optimizer is adamw"),
    ({"nesterov": True, "momentum": 0}, "nesterov needs momentum"),
    ({"distillation_temperature": 2.0}, "distillation_temperature has no effect: it needs"),
    ({"distillation": 0.5, "distillation_temperature": 0}, "distillation_temperature must be"),
    ({"randaugment_magnitude": 0.2}, "randaugment_magnitude has no effect: it needs randaugment"),
    ({"augment": False, "mixup": 0.2}, "mixup has no effect: augment is off"),
    ({"distillation": 0.5, "weighting": "opt"}, "distillation needs exits to teach"),
    ({"distillation": 0.5, "training_mode": "midfeat"}, "distillation needs all exits"),
    ({"drop_path": 0.5, "training_mode": "midfeat"}, "drop_path cannot be used with midfeat"),
    ({"model": "denseann-n1-g4", "drop_path": 0.1}, "drop_path skips residual units"),
    ({"training_mode": "equilibrium", "weighting": "opt"}, "opt trains one exit only"),
]


@pytest.mark.parametrize(("fields", "message"), REFUSED)
def test_what_makes_no_sense_is_refused_when_the_config_is_made(fields, message):
    with pytest.raises(ValueError, match=f"{message}.*Received: "):
        config(**fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"dataset": "digits", "randaugment": 2}, "randaugment is for RGB images"),
    ],
)
def test_what_data_or_network_cannot_do_is_refused_before_the_folder_is_made(
    fields, message, tmp_path
):
    with pytest.raises(ValueError, match=message):
        train(config(**fields), tmp_path / "run", verbose=0)
    assert not (tmp_path / "run").exists()


def test_the_authors_settings_leave_out_what_has_no_effect():
    fields = {"preset": "author_code", "dataset": "cifar10"}
    cosine = RunConfig.from_fields(fields | {"schedule": "cosine"}).training
    assert (cosine.l2, cosine.lr_drop_at) == (2e-4, (0.5, 0.75))
    assert RunConfig.from_fields(fields | {"optimizer": "adamw"}).training.l2 == 1e-4


PAIRS = {
    "optimizer": ({}, {"optimizer": "adamw"}),
    "schedule": ({}, {"schedule": "cosine"}, {"warmup_epochs": 1.0}),
    "mode": ({}, {"training_mode": "no_grad"}, {"training_mode": "equilibrium"}),
    "targets": ({}, {"label_smoothing": 0.1}, {"distillation": 0.5}),
    "weights": ({}, {"ema": 0.9}, {"drop_path": 0.1}, {"decay_on": "all"}),
    "mixing": ({}, {"mixup": 0.2}, {"cutmix": 1.0}, {"random_erasing": 0.2}, {"randaugment": 1}),
}


def test_all_pairs_of_options_make_a_config():
    for first, second in itertools.combinations(PAIRS.values(), 2):
        for one, other in itertools.product(first, second):
            assert isinstance(config(**one, **other).training, TrainingConfig)
