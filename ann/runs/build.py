"""From a config to objects, before any work is done."""

from ann import data, losses, models, training
from ann.runs.config import RunConfig, settings_of


def dataset(config: RunConfig) -> data.Dataset:
    """The run's data set.

    Raises:
        ValueError, FileNotFoundError: as `data.load`.
    """
    wanted = config.data
    return data.load(
        wanted.dataset,
        data_dir=wanted.data_dir,
        hold_out=wanted.hold_out,
        train_examples=wanted.train_examples,
        preset=config.model.preset,
    )


def weighting(config: RunConfig, steps_per_epoch: int) -> losses.Scheme:
    """The run's weighting scheme."""
    return _for_run(losses.schemes(), config.weighting.weighting, config, steps_per_epoch)


def sampler(config: RunConfig, steps_per_epoch: int) -> losses.Sampler | None:
    """The run's sampler, if it has one."""
    if config.weighting.sampler is None:
        return None
    return _for_run(losses.samplers(), config.weighting.sampler, config, steps_per_epoch)


def _for_run(classes, name, config, steps_per_epoch):
    values = {
        argument: getattr(config.weighting, flag)
        for flag, (argument, _) in settings_of(name).items()
    }
    training = config.training
    return classes[name].for_run(
        values, epochs=training.epochs, steps_per_epoch=steps_per_epoch, seed=training.seed
    )


def model(config: RunConfig, num_classes: int, input_shape) -> models.MultiExitModel:
    """The run's network, not compiled. OPT's ends at the exit that it is trained for: no later one
    would be trained.

    Raises:
        ValueError: as `models.build`, or OPT's exit is none of the network's.
    """
    wanted = {"s": config.model.s, "preset": config.model.preset}
    # Some families have no period or preset: only what was asked for is handed on.
    overrides = {name: value for name, value in wanted.items() if value not in (None, "paper")}
    network = models.build(
        config.model.model, num_classes=num_classes, input_shape=input_shape, **overrides
    )
    return (
        network.up_to(config.weighting.opt_at) if config.weighting.weighting == "opt" else network
    )


def optimizer(config: RunConfig, steps_per_epoch: int) -> training.L2SGD:
    """The run's optimizer, with its schedule."""
    wanted = config.training
    schedule = training.step_schedule(
        wanted.learning_rate,
        wanted.epochs * steps_per_epoch,
        drop_at=wanted.lr_drop_at,
        drop_to=wanted.lr_drop_to,
    )
    return training.L2SGD(schedule, momentum=wanted.momentum, l2=wanted.l2)
