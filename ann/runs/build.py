"""From a config to objects, before any work is done."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras

from ann import data, losses, models, training
from ann.runs.config import RunConfig
from ann.runs.weighting_config import settings_of


def engine(config: RunConfig):
    """What computes the run's steps.

    Raises:
        ValueError: as `training.engine`.
    """
    runtime = config.runtime
    return training.engine(
        runtime.strategy,
        config.data.batch_size,
        virtual_devices=runtime.virtual_devices,
        steps_per_call=runtime.steps_per_call,
    )


def dataset(config: RunConfig) -> data.Dataset:
    """The run's data set.

    Raises:
        ValueError, FileNotFoundError: as `data.load`.
    """
    wanted = config.data
    found = data.load(
        wanted.dataset,
        data_dir=wanted.data_dir,
        hold_out=wanted.hold_out,
        train_examples=wanted.train_examples,
        preset=config.model.preset,
    )
    return found if wanted.blur else dataclasses.replace(found, blur=False)


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
    drop_path = config.training.drop_path or None
    wanted = {
        "s": config.model.s,
        "first_exit": config.model.first_exit,
        "preset": config.model.preset,
        "drop_path": drop_path,
    }
    # Some families have no period or preset: only what was asked for is handed on.
    overrides = {name: value for name, value in wanted.items() if value not in (None, "paper")}
    network = models.build(
        config.model.model, num_classes=num_classes, input_shape=input_shape, **overrides
    )
    return (
        network.up_to(config.weighting.opt_at) if config.weighting.weighting == "opt" else network
    )


def optimizer(
    config: RunConfig, steps_per_epoch: int, num_exits: int
) -> keras.optimizers.Optimizer:
    """The run's optimizer, with its schedule and the average of the weights that it keeps."""
    wanted = config.training
    shared: dict[str, Any] = {"use_ema": True, "ema_momentum": wanted.ema} if wanted.ema else {}
    if wanted.accumulate_steps > 1:
        shared["gradient_accumulation_steps"] = wanted.accumulate_steps
    if wanted.decay_on == "author_code":
        shared["exit_decay"] = _exit_decay(config, steps_per_epoch, num_exits)
    else:
        shared["decay_on"] = wanted.decay_on
    schedule = _schedule(wanted, _peak_rate(config), steps_per_epoch)
    if wanted.optimizer == "adamw":
        return training.KernelAdamW(schedule, weight_decay=wanted.weight_decay, **shared)
    return training.L2SGD(
        schedule, momentum=wanted.momentum, l2=wanted.l2, nesterov=wanted.nesterov, **shared
    )


def _exit_decay(config, steps_per_epoch, num_exits):
    """The static weight of each exit. The authors' adaptive runs have SIEVE beside AdaLoss, which
    decides on nothing but this decay."""
    scheme = weighting(config, steps_per_epoch)
    static = scheme if isinstance(scheme, losses.StaticScheme) else losses.get("sieve")
    return static.weights(num_exits)


def _peak_rate(config):
    """The learning rate, in proportion to the images of an update (Goyal et al. 2017, 2.1)."""
    wanted = config.training
    if wanted.base_batch_size is None:
        return wanted.learning_rate
    images = config.data.batch_size * wanted.accumulate_steps
    return wanted.learning_rate * images / wanted.base_batch_size


def _schedule(wanted, learning_rate, steps_per_epoch):
    total = wanted.epochs * steps_per_epoch
    if wanted.schedule == "cosine":
        schedule = training.cosine_schedule(learning_rate, total)
    else:
        schedule = training.step_schedule(
            learning_rate, total, drop_at=wanted.lr_drop_at, drop_to=wanted.lr_drop_to
        )
    warmup = round(wanted.warmup_epochs * steps_per_epoch)
    return training.WarmUp(schedule, warmup) if warmup else schedule


def targets(config: RunConfig) -> losses.Targets:
    """What the run trains each exit towards."""
    wanted = config.training
    return losses.Targets(
        label_smoothing=wanted.label_smoothing,
        distillation=wanted.distillation,
        temperature=wanted.distillation_temperature,
    )


def augmentation(config: RunConfig, dataset) -> data.BatchAugmentation | None:
    """The run's augmentation beyond that of its data set, if it has any.

    Raises:
        ValueError: the images of the data set cannot be augmented so.
    """
    wanted = config.data
    if not wanted.augments_batches:
        return None
    augmentation = data.BatchAugmentation(
        operations=wanted.randaugment,
        magnitude=wanted.randaugment_magnitude,
        erasing=wanted.random_erasing,
        mixup=wanted.mixup,
        cutmix=wanted.cutmix,
    )
    augmentation.check(dataset)
    return augmentation
