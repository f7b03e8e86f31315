import pytest

from ann import build, losses
from ann.config import DataConfig, ModelConfig, RunConfig, TrainingConfig, WeightingConfig


@pytest.mark.parametrize("name", list(losses.schemes()))
def test_every_scheme_builds_from_its_name(name):
    assert type(build.weighting(WeightingConfig(weighting=name))) is losses.schemes()[name]


def test_adaloss_takes_its_numbers_from_the_config():
    scheme = build.weighting(WeightingConfig(gamma=0.07, average_momentum=0.99, update_every=100, final_extra=1.0))
    assert scheme.get_config() == {"gamma": 0.07, "momentum": 0.99, "update_every": 100, "final_extra": 1.0}
    assert build.weighting(WeightingConfig(weighting="opt", opt_at=2)).at == 2


def test_model_and_optimizer():
    config = RunConfig(
        model=ModelConfig(model="resann-n2-c4", s=3, preset="author_code"), training=TrainingConfig(epochs=10, l2=2e-4)
    )
    model = build.model(config, num_classes=5, input_shape=(8, 8, 1))
    assert (model.num_exits, model.num_classes, model.sample_shape) == (2, 5, (8, 8, 1))
    optimizer = build.optimizer(config, steps_per_epoch=4)
    optimizer.build(model.trainable_variables)
    assert optimizer.l2 == 2e-4
    optimizer.iterations.assign(20)
    assert float(optimizer.learning_rate) == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("function", "config", "received"),
    [
        (build.dataset, RunConfig(data=DataConfig(dataset="mnist")), "dataset='mnist'"),
        (lambda config: build.model(config, 10, (32, 32, 3)), RunConfig(model=ModelConfig(model="vgg")), "model='vgg'"),
        (
            lambda config: build.weighting(config.weighting),
            RunConfig(weighting=WeightingConfig(weighting="ada")),
            "weighting='ada'",
        ),
    ],
)
def test_unknown_names_are_refused(function, config, received):
    with pytest.raises(ValueError, match=f"Received: {received}"):
        function(config)
