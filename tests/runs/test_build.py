import dataclasses

import pytest

from ann import costs, data, losses
from ann.runs import build
from ann.runs.config import ModelConfig, RunConfig, TrainingConfig, WeightingConfig


@pytest.mark.parametrize("name", list(losses.schemes()))
def test_every_scheme_builds_from_its_name(name):
    assert (
        type(build.weighting(RunConfig(weighting=WeightingConfig(weighting=name)), 10))
        is losses.schemes()[name]
    )


@pytest.mark.parametrize("name", list(losses.samplers()))
def test_every_sampler_builds_from_its_name(name):
    config = RunConfig(weighting=WeightingConfig(sampler=name, tau=0.25))
    sampler = build.sampler(config, 10)
    assert type(sampler) is losses.samplers()[name]
    assert sampler.tau == 0.25
    assert build.sampler(RunConfig(), 10) is None


@pytest.mark.parametrize(
    ("name", "numbers"),  # docs/author_code.md
    [
        ("exp3", {"gamma": 0.3, "eta": 0.85, "floor": 0.0003, "start_after": 10}),
        ("rwm", {"gamma": 0.3, "eta": 0.85, "floor": 0.0003, "start_after": 10, "rate": 0.15}),
        ("avgl", {"gamma": 0.3, "eta": 0.85, "start_after": 10}),
        ("aann", {}),
    ],
)
def test_the_preset_of_the_authors_code_sets_the_samplers(name, numbers):
    config = RunConfig.from_fields({"sampler": name, "preset": "author_code"})
    sampler = build.sampler(config, steps_per_epoch=10)
    assert sampler.get_config() == {"tau": 0.5, "seed": 0, **numbers}


def test_what_is_given_wins_over_the_preset():
    fields = {"preset": "author_code", "dataset": "cifar10", "gamma": 0.2, "l2": 1e-3}
    config = RunConfig.from_fields(fields)
    assert (config.weighting.gamma, config.training.l2) == (0.2, 1e-3)
    assert config.weighting.update_every == 100
    assert config.training.lr_drop_to == (0.1, 0.01, 0.002)


def test_adaloss_takes_its_numbers_from_the_config():
    numbers = {
        "gamma": 0.07,
        "average_momentum": 0.99,
        "update_every": 100,
        "final_extra": 1.0,
        "gamma_anneal": 0.5,
    }
    config = RunConfig(weighting=WeightingConfig(**numbers), training=TrainingConfig(epochs=4))
    scheme = build.weighting(config, 10)
    expected = {
        "gamma": 0.07,
        "momentum": 0.99,
        "update_every": 100,
        "final_extra": 1.0,
        "anneal_steps": 20,
    }
    assert scheme.get_config() == expected
    assert (
        build.weighting(RunConfig(weighting=WeightingConfig(weighting="opt", opt_at=2)), 10).at == 2
    )
    assert (
        build.weighting(
            RunConfig(weighting=WeightingConfig(weighting="exp_base", base=0.5)), 10
        ).base
        == 0.5
    )
    assert (
        build.weighting(RunConfig(weighting=WeightingConfig(weighting="dwa")), 10).steps_per_epoch
        == 10
    )


def test_the_network_of_opt_ends_at_its_exit():
    def weights(at):
        weighting = WeightingConfig(weighting="opt", opt_at=at)
        config = RunConfig(model=ModelConfig(model="resann-n1-c4"), weighting=weighting)
        num_exits = build.model(config, 10, (8, 8, 3)).num_exits
        return build.weighting(config, 10).weights(num_exits).tolist()

    assert [weights(at) for at in (0, 1, 2)] == [[1], [0, 1], [0, 0, 1]]
    assert [weights(at) for at in (-3, -2, -1)] == [[1], [0, 1], [0, 0, 1]]


def test_model_and_optimizer():
    config = RunConfig(
        model=ModelConfig(model="resann-n2-c4", s=3, preset="author_code"),
        training=TrainingConfig(epochs=10, l2=2e-4),
    )
    model = build.model(config, num_classes=5, input_shape=(8, 8, 1))
    assert (model.num_exits, model.num_classes, model.sample_shape) == (2, 5, (8, 8, 1))
    optimizer = build.optimizer(config, steps_per_epoch=4, num_exits=9)
    optimizer.build(model.trainable_variables)
    assert optimizer.l2 == 2e-4
    optimizer.iterations.assign(20)
    assert float(optimizer.learning_rate) == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("function", "config", "received"),
    [
        (
            lambda config: build.model(config, 10, (32, 32, 3)),
            RunConfig(model=ModelConfig(model="vgg")),
            "model='vgg'",
        ),
    ],
)
def test_unknown_names_are_refused(function, config, received):
    with pytest.raises(ValueError, match=f"Received: {received}"):
        function(config)


def test_families_without_preset_or_period_are_built_and_refuse_them():
    config = RunConfig(model=ModelConfig(model="msdnet-cifar-b2"))
    assert build.model(config, 10, (16, 16, 3)).num_exits == 2
    for wrong in ({"s": 2}, {"preset": "author_code"}):
        with pytest.raises(ValueError, match=r"msdnet-cifar-b2 has no such argument: .*Received"):
            build.model(
                RunConfig(model=ModelConfig(model="msdnet-cifar-b2", **wrong)), 10, (16, 16, 3)
            )


def test_exits_begin_where_the_config_says():
    config = RunConfig.from_fields({"model": "resann-n2-c4", "first_exit": 3, "preset": "sieve"})
    model = build.model(config, 10, (8, 8, 3))
    assert model.num_exits == 3  # of the units 0 to 5
    # 6n + 3 convolutions and the linear layer at the end.
    assert costs.depths(model) == [11, 14, 16]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"weighting": "linear"}, [0.25, 0.625, 1.0]),
        ({"weighting": "adaloss"}, [2 / 3, 1 / 3, 1.0]),  # SIEVE: 2, 1 and their sum
        ({"weighting": "opt", "opt_at": 2}, [0.0, 0.0, 1.0]),
    ],
)
def test_the_authors_decay_the_heads_by_the_static_weights(fields, expected):
    config = RunConfig.from_fields(fields | {"preset": "author_code", "dataset": "cifar10"})
    optimizer = build.optimizer(config, steps_per_epoch=4, num_exits=3)
    assert optimizer.l2 == 2e-4
    assert optimizer.exit_decay == pytest.approx(expected)


def test_svhn_is_blurred_unless_the_config_says_no(monkeypatch):
    svhn = dataclasses.replace(data.load("synthetic"), name="svhn", blur=True)
    monkeypatch.setattr(data, "load", lambda name, **options: svhn)
    for blur in (True, False):
        fields = {"dataset": "svhn", "blur": blur}
        assert build.dataset(RunConfig.from_fields(fields)).blur == blur
