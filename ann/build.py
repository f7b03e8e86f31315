"""Config to objects: the one module that sees every room. Names are resolved here, before any work is done."""

from ann import data, losses, models, training
from ann.config import RunConfig, WeightingConfig


def dataset(config: RunConfig) -> data.Dataset:
    """The run's data set.

    Raises:
        ValueError, FileNotFoundError: as `data.load`.
    """
    wanted = config.data
    return data.load(wanted.dataset, data_dir=wanted.data_dir, hold_out=wanted.hold_out, train_examples=wanted.train_examples)


def weighting(config: WeightingConfig) -> losses.Scheme:
    """The run's weighting scheme.

    Raises:
        ValueError: unknown name.
    """
    if config.weighting == "opt":
        return losses.Opt(at=config.opt_at)
    if config.weighting == "exp_base":
        return losses.ExpBase(config.base)
    if config.weighting == "adaloss":
        return losses.AdaLoss(config.gamma, config.average_momentum, config.update_every, config.final_extra)
    return losses.get(config.weighting)


def model(config: RunConfig, num_classes: int, input_shape) -> models.MultiExitModel:
    """The run's network, not compiled.

    Raises:
        ValueError: as `models.build`.
    """
    overrides = {} if config.model.s is None else {"s": config.model.s}
    return models.build(
        config.model.model, num_classes=num_classes, input_shape=input_shape, preset=config.model.preset, **overrides
    )


def optimizer(config: RunConfig, steps_per_epoch: int) -> training.L2SGD:
    """The run's optimizer, with its schedule."""
    wanted = config.training
    schedule = training.step_schedule(
        wanted.learning_rate, wanted.epochs * steps_per_epoch, drop_at=wanted.lr_drop_at, drop_to=wanted.lr_drop_to
    )
    return training.L2SGD(schedule, momentum=wanted.momentum, l2=wanted.l2)
