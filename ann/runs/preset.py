"""A finished run as a preset: a folder that loads by `models.from_preset`."""

import dataclasses
import json

import keras
import pandas as pd

from ann import data, evaluation
from ann.data.class_names import class_names
from ann.data.licences import SOURCES
from ann.models.presets import require_new, save_to_preset
from ann.runs import build
from ann.runs.config import RunConfig
from ann.runs.environment import cells
from ann.runs.evaluate import finished

_TEMPERATURE_IMAGES = 10_000  # more change the second digit of a temperature, and fill memory


def preset_of_run(
    run_dir, output, *, name=None, weights: str = "float16", limits=None, data_dir=None
) -> None:
    """Writes the network of a finished run as a preset, with all that the run knows of it.

    The temperature of each exit is fitted on the run's evaluation images, at most 10,000 of them;
    the card says so. It changes how sure an exit is, and no answer.

    Args:
        run_dir: folder of the run.
        output: folder to write, new or empty.
        name: of the preset; default that of the folder.
        weights: "float16", "float32", or "int8", as `models.save_to_preset`.
        limits: what the card says about limits, besides what is known anyway.
        data_dir: folder of the data; default: the one of the training.

    Raises:
        FileNotFoundError: the folder holds no finished run, or the data is not there.
        ValueError: what `models.save_to_preset` refuses.
    """
    folder, config = finished(run_dir, data_dir)
    require_new(output)  # before the work
    dataset = build.dataset(config)
    model = keras.saving.load_model(folder.model, compile=False)
    batches = data.evaluation_batches(dataset)
    enough = -(-_TEMPERATURE_IMAGES // dataset.evaluation_batch_size)
    logits, labels = evaluation.logits_and_labels(model, batches.take(enough))
    save_to_preset(
        model,
        output,
        name=name,
        weights=weights,
        normalization=dataset.normalization(),
        largest=dataset.largest,
        class_names=class_names(config.data.dataset, config.data.data_dir, dataset.num_classes),
        curve=pd.read_csv(folder.curve),
        temperatures=evaluation.fit_temperatures(logits, labels),
        card=_card(folder, config, dataset, len(labels), limits),
    )


def command_of(config: RunConfig) -> str:
    """The command line that trains a config, with the settings that are not the defaults."""
    given = []
    for group, default in (
        (getattr(config, name), getattr(RunConfig(), name)) for name in config.to_dict()
    ):
        for field in dataclasses.fields(group):
            value = getattr(group, field.name)
            if value != getattr(default, field.name) and field.name != "data_dir":
                given.append(_flag(field.name, value))
    return " ".join(["ann train", *given])


def _flag(name, value):
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no{name}"
    text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return f"--{name}={text}"


def _card(folder, config, dataset, temperature_images, limits):
    source, licence = SOURCES.get(config.data.dataset, (config.data.dataset, "Not recorded."))
    measured_on = "training images that were held out" if config.data.hold_out else "test images"
    log = pd.read_csv(folder.epochs)
    environment = cells(json.loads(folder.environment.read_text()))
    hardware = [environment["processor"], f"{environment['cores']} cores"]
    hardware += [environment["accelerators"]] if environment["accelerators"] else []
    hours = f"{log.seconds.sum() / 3600:.3g}" if "seconds" in log else "Not recorded."
    known = (
        f"Errors were measured on the {len(dataset.test):,} {measured_on}, with the weights as "
        "trained, before they were stored. Temperatures were fitted on "
        f"{temperature_images:,} of these same images. "
        "Images of another kind than those of the data set get answers, too, which mean nothing."
    )
    return {
        "data": f"{source}: {len(dataset.train):,} images to train on.",
        "licence": licence,
        "recipe": f"`{command_of(config)}`",
        "seed": str(config.training.seed),
        "hours": hours,
        "hardware": ", ".join(hardware) + f". Backend: {environment['backend']}.",
        "limits": " ".join(filter(None, (known, limits))),
    }
