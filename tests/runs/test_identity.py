"""The name of a run: from what differs from the baseline, and nothing else."""

import dataclasses
import pathlib

import pytest

from ann.runs import config as configs
from ann.runs import identity
from ann.runs.config import GROUPS, RunConfig
from ann.runs.identity import CHANGES, Change, claims, differences, recipe, run_name
from experiments.harness.store import RunStore
from experiments.harness.stored_config import stored_config

RESULTS = pathlib.Path(__file__).parent.parent.parent / "experiments" / "results"
RUNS = RunStore(RESULTS).runs()
TRAINED = RUNS[RUNS.recipe.notna()]


def test_every_stored_name_is_what_its_config_gives():
    assert len(TRAINED) >= 204
    for name, row in TRAINED.iterrows():
        assert run_name(stored_config(row), int(row.recipe)) == name


def test_one_more_field_with_a_default_changes_no_name(monkeypatch):
    before = {name: run_name(stored_config(row), 1) for name, row in TRAINED.iloc[:5].iterrows()}
    training = dataclasses.make_dataclass(
        "TrainingConfig",
        [("warmup_epochs", int, dataclasses.field(default=0, metadata={"help": "Warm-up."}))],
        bases=(GROUPS["training"],),
        frozen=True,
    )
    grown = dataclasses.make_dataclass(
        "RunConfig",
        [("training", training, dataclasses.field(default_factory=training))],
        bases=(RunConfig,),
        frozen=True,
    )
    monkeypatch.setitem(GROUPS, "training", training)
    monkeypatch.setitem(configs.OWNERS, "warmup_epochs", "training")
    monkeypatch.setattr(identity, "RunConfig", grown)
    for name, row in TRAINED.iloc[:5].iterrows():
        fields = {
            key: v for group in stored_config(row).to_dict().values() for key, v in group.items()
        }
        assert run_name(grown.from_fields(fields), 1) == before[name]
        warm = grown.from_fields(fields | {"warmup_epochs": 5})
        assert differences(warm)["training.warmup_epochs"] == 5
        assert run_name(warm, 1) != before[name]


def test_the_baseline_has_no_difference():
    assert differences(RunConfig()) == {}


def test_precision_is_part_of_the_name():
    names = {
        run_name(RunConfig.from_fields({"precision": precision}))
        for precision in ("float32", "mixed_bfloat16", "mixed_float16")
    }
    assert len(names) == 3


@pytest.mark.parametrize(
    "fields",
    [
        {"data_dir": "elsewhere"},
        {"strategy": "mirrored"},
        {"evaluate_every": 5},
        {"base": 3.0},  # of exp_base, which this run does not use
        {"tau": 0.25},  # of samplers
        {"lr_drop_at": [0.5, 0.75]},  # as JSON has it
        {"l2": 0.0001},
    ],
)
def test_what_changes_no_training_changes_no_name(fields):
    assert run_name(RunConfig.from_fields(fields)) == run_name(RunConfig())


@pytest.mark.parametrize(
    "fields",
    [
        {"seed": 1},
        {"gamma": 0.1},
        {"train_examples": 500},
        {"weighting": "const"},
        {"sampler": "exp3"},
        {"sampler": "exp3", "sampler_gamma": 0.1},
        {"hold_out": True},
        {"s": 3},
    ],
)
def test_what_changes_the_training_changes_the_name(fields):
    assert run_name(RunConfig.from_fields(fields)) != run_name(RunConfig())


def test_equal_numbers_have_equal_names():
    whole, floating = (
        RunConfig.from_fields({"weighting": "exp_base", "base": b}) for b in (3, 3.0)
    )
    assert run_name(whole) == run_name(floating)


def test_a_change_of_the_code_renames_the_runs_it_concerns_and_no_others(monkeypatch):
    wide, plain = RunConfig.from_fields({"model": "resann-n3-c64"}), RunConfig()
    before = run_name(wide), run_name(plain)
    change = Change("wide nets start smaller", lambda config: config.model.model.endswith("c64"))
    monkeypatch.setattr(identity, "CHANGES", (*CHANGES, change))
    assert recipe(wide) == 2
    assert run_name(wide) != before[0]
    assert run_name(wide, made_by=1) == before[0]
    assert run_name(plain) == before[1]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"weighting": "dwa"}, 2),
        ({"weighting": "dwa", "sampler": "rwm"}, 3),
        ({"weighting": "const", "sampler": "rwm", "rwm_rate": 0.1}, 1),
        ({"weighting": "opt", "opt_at": -2}, 2),
        ({"weighting": "opt", "opt_at": -1}, 1),
        ({"weighting": "adaloss"}, 1),
        ({"weighting": "adaloss", "random_erasing": 0.25}, 2),
        ({"weighting": "dwa", "mixup": 0.2, "cutmix": 1.0}, 3),
    ],
)
def test_runs_that_would_train_differently_today_have_other_names(fields, expected):
    config = RunConfig.from_fields(fields)
    assert recipe(config) == expected
    assert (run_name(config) == run_name(config, made_by=1)) == (expected == 1)


def test_claims_leave_out_the_settings_of_other_schemes():
    weighting = claims(RunConfig.from_fields({"weighting": "const"}))["weighting"]
    assert weighting == {"weighting": "const", "sampler": None}
