"""Config to objects: the one module that sees every room. Names are resolved here, before any work is done."""

from ann import data, losses, models, training
from ann.runs.config import RunConfig


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
    """The run's weighting scheme.

    Raises:
        ValueError: unknown name.
    """
    wanted = config.weighting
    adaloss = {
        "gamma": wanted.gamma,
        "momentum": wanted.average_momentum,
        "update_every": wanted.update_every,
        "final_extra": wanted.final_extra,
        "anneal_steps": round(wanted.gamma_anneal * config.training.epochs * steps_per_epoch),
    }
    arguments = {
        "opt": {"at": wanted.opt_at},
        "exp_base": {"base": wanted.base},
        "adaloss": adaloss,
        "adaloss_first_order": adaloss,
        "dwa": {"steps_per_epoch": steps_per_epoch},
        "rlw": {"seed": config.training.seed},
    }
    return type(losses.get(wanted.weighting))(**arguments.get(wanted.weighting, {}))


def sampler(config: RunConfig, steps_per_epoch: int) -> losses.Sampler | None:
    """The run's sampler, if it has one.

    Raises:
        ValueError: unknown name.
    """
    if config.weighting.sampler is None:
        return None
    cls = type(losses.get_sampler(config.weighting.sampler))
    arguments = {"tau": config.weighting.tau, "seed": config.training.seed}
    if config.model.preset == "author_code" and hasattr(cls, "author_code"):
        return cls.author_code(steps_per_epoch, **arguments)
    return cls(**arguments)


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
