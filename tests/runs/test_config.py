import dataclasses
import json

import numpy as np
import pytest

from ann.runs.config import (
    GROUPS,
    DataConfig,
    ModelConfig,
    RunConfig,
    RuntimeConfig,
    TrainingConfig,
    WeightingConfig,
)
from ann.runs.identity import run_name


def test_defaults_are_the_papers():
    # 001 section 5.1 and appendix C: SGD 0.1, momentum 0.9, decay 1e-4, a tenth at 1/2 and 3/4;
    # gamma 0.05, m 0.9, e 1.
    training, weighting = TrainingConfig(), WeightingConfig()
    assert (training.learning_rate, training.momentum, training.l2) == (0.1, 0.9, 1e-4)
    assert (training.lr_drop_at, training.lr_drop_to) == ((0.5, 0.75), (0.1, 0.01))
    assert (weighting.gamma, weighting.average_momentum, weighting.update_every) == (0.05, 0.9, 1)


def test_dictionary_round_trip_through_json():
    config = RunConfig(training=TrainingConfig(epochs=3, lr_drop_at=(0.4,), lr_drop_to=(0.2,)))
    assert RunConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_numbers_of_numpy_and_lists_are_as_those_of_python():
    given = RunConfig(
        training=TrainingConfig(
            epochs=np.int64(3), l2=np.float64(0.5), lr_drop_at=[np.float64(0.4)], lr_drop_to=[0.2]
        )
    )
    config = RunConfig(
        training=TrainingConfig(epochs=3, l2=0.5, lr_drop_at=(0.4,), lr_drop_to=(0.2,))
    )
    assert json.dumps(given.to_dict()) == json.dumps(config.to_dict())
    assert hash(given) == hash(config)
    assert run_name(given) == run_name(config)


@pytest.mark.parametrize(
    ("cls", "field", "value"),
    [
        (DataConfig, "dataset", "mnist"),
        (DataConfig, "batch_size", 0),
        (DataConfig, "train_examples", 10),
        (ModelConfig, "s", 0),
        (ModelConfig, "first_exit", -1),
        (ModelConfig, "preset", "mine"),
        (DataConfig, "blur", False),  # of svhn alone
        (WeightingConfig, "weighting", "ada"),
        (WeightingConfig, "sampler", "exp4"),
        (WeightingConfig, "sampler_gamma", 1.5),
        (WeightingConfig, "rwm_rate", -1),
        (WeightingConfig, "base", 0),
        (WeightingConfig, "gamma", 1.1),
        (WeightingConfig, "average_momentum", 1.0),
        (WeightingConfig, "update_every", 0),
        (WeightingConfig, "final_extra", -1),
        (TrainingConfig, "epochs", 0),
        (TrainingConfig, "learning_rate", 0),
        (TrainingConfig, "learning_rate", float("nan")),
        (TrainingConfig, "learning_rate", float("inf")),
        (TrainingConfig, "momentum", 1),
        (TrainingConfig, "l2", -1e-4),
        (TrainingConfig, "seed", -1),
        (TrainingConfig, "seed", 2**32),
        (TrainingConfig, "lr_drop_at", (0.5,)),
        (TrainingConfig, "lr_drop_at", (0.75, 0.5)),
        (TrainingConfig, "lr_drop_at", (0.5, 1.5)),
        (TrainingConfig, "lr_drop_to", (0.1, -0.1)),
        (TrainingConfig, "lr_drop_to", (0.1, float("nan"))),
        (RuntimeConfig, "precision", "float8"),
        (RuntimeConfig, "strategy", "parameter_server"),
        (RuntimeConfig, "virtual_devices", -1),
        (RuntimeConfig, "virtual_devices", 2),
        (TrainingConfig, "accumulate_steps", 0),
        (RuntimeConfig, "evaluate_every", 0),
    ],
)
def test_bad_values_are_refused_with_what_was_received(cls, field, value):
    with pytest.raises(ValueError, match=f"Received: .*{field}="):
        cls(**{field: value})


def test_unknown_groups_and_fields_are_refused():
    with pytest.raises(ValueError, match="Received: group='trainig'"):
        RunConfig.from_dict({"trainig": {}})
    with pytest.raises(ValueError, match=r"Received: unknown=\['epoch'\]"):
        RunConfig.from_dict({"training": {"epoch": 1}})


def test_configs_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        TrainingConfig().epochs = 1


def test_field_names_are_unique_over_groups_and_explained():
    fields = [field for cls in GROUPS.values() for field in dataclasses.fields(cls)]
    assert len({field.name for field in fields}) == len(fields)
    assert all(field.metadata["help"].endswith(".") for field in fields)


def test_a_misspelled_value_gets_a_guess():
    with pytest.raises(ValueError, match="Did you mean 'adaloss'"):
        WeightingConfig(weighting="adalos")
    with pytest.raises(ValueError, match="Did you mean 'cifar10'"):
        DataConfig(dataset="cifar-10")
    with pytest.raises(ValueError, match="Did you mean 'epochs'"):
        RunConfig.from_fields({"epoch": 3})


@pytest.mark.parametrize("weighting", ["adaloss_first_order", "gradnorm"])
@pytest.mark.parametrize("mode", ["no_grad", "midfeat"])
def test_gradient_norms_need_gradients_of_all_exits(weighting, mode):
    fields = {"weighting": weighting, "training_mode": mode}
    with pytest.raises(ValueError, match=f"Received: training_mode='{mode}'"):
        RunConfig.from_fields(fields)
    RunConfig.from_fields(fields | {"training_mode": "equilibrium"})


def test_the_network_of_002_is_a_resann():
    RunConfig.from_fields({"preset": "sieve", "model": "resann-n5-c16"})
    for model in ("resann50", "msdnet-cifar-b4"):
        with pytest.raises(ValueError, match="Received: preset='sieve', model="):
            RunConfig.from_fields({"preset": "sieve", "model": model})


def test_what_the_authors_do_to_svhn_must_be_set():
    fields = {"preset": "author_code", "dataset": "svhn", "l2": 2e-4}
    with pytest.raises(ValueError, match="they deform the images"):
        RunConfig.from_fields(fields)
    config = RunConfig.from_fields(fields | {"augment": True})
    assert (config.data.blur, config.training.decay_on) == (False, "author_code")
    del fields["l2"]
    with pytest.raises(ValueError, match="falls to a fifth every 480,000 steps"):
        RunConfig.from_fields(fields | {"augment": True})


def test_the_authors_learning_rate_on_ilsvrc_grows_with_the_batch():
    fields = {"preset": "author_code", "dataset": "imagenet2012", "batch_size": 64}
    training = RunConfig.from_fields(fields).training
    assert training.learning_rate == 0.025
    assert [round(128 * at) for at in training.lr_drop_at] == [30, 60, 90, 105]
    assert training.l2 == 1e-4


def test_training_one_by_one_has_no_decay_in_the_authors_code():
    fields = {"preset": "author_code", "dataset": "cifar10", "training_mode": "no_grad"}
    assert RunConfig.from_fields(fields).training.l2 == 0


def test_one_exit_at_a_time_has_no_weights():
    one_by_one = {"training_mode": "one_by_one", "weighting": "const"}
    RunConfig.from_fields(one_by_one)
    for wrong in ({"weighting": "linear"}, {"sampler": "aann"}, {"distillation": 0.5}):
        with pytest.raises(ValueError, match=f"Received: .*{next(iter(wrong))}="):
            RunConfig.from_fields(one_by_one | wrong)
