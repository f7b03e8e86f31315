"""A network that comes trained: the errors of its card, and times and deadlines of this machine."""

import dataclasses
import pathlib

import numpy as np
import pandas as pd

from ann import models, runtime
from ann.runs.export import export_preset
from experiments.story.race import choose_deadlines

PRESET = "resann-n9-c16-cifar10"
_ROUNDS = 40


@dataclasses.dataclass(frozen=True)
class Trained:
    """What was measured of a preset.

    Attributes:
        name: of the preset.
        card: what its model card says, by key.
        table: a row for each exit: `exit, milliseconds, error` (percent).
        asked: a row for each deadline: `deadline` (milliseconds), `exit` that answered and
            `milliseconds` (medians), and the `error` of that exit.
    """

    name: str
    card: dict[str, str]
    table: pd.DataFrame
    asked: pd.DataFrame


def ask_trained(name: str, output: pathlib.Path) -> Trained:
    """Exports a preset and asks it by deadline, one picture at a time, on one thread.

    The pictures are noise: they decide no time, and the errors are those of the card.

    Args:
        name: of the preset.
        output: folder of the export.
    """
    preset = models.from_preset(name).preset
    export_preset(name, output, ["onnx"], preprocess=True)
    errors = np.array([exit["error_top1"] for exit in preset.exits])
    with runtime.AnytimePredictor(output, threads=1) as predictor:
        milliseconds = 1000 * predictor.measure_latency()
        shape = predictor.input_shape
        pictures = np.random.default_rng(0).integers(0, 256, (_ROUNDS, *shape), "uint8")
        rows = [
            _asked(predictor, pictures, deadline) for deadline in choose_deadlines(milliseconds)
        ]
    asked = pd.DataFrame(rows)
    table = pd.DataFrame(
        {"exit": range(len(errors)), "milliseconds": milliseconds, "error": errors}
    )
    return Trained(preset.name, preset.card, table, asked.assign(error=errors[asked.exit]))


def _asked(predictor, pictures, deadline):
    answers = [predictor.predict(picture, deadline=deadline / 1000) for picture in pictures]
    return {
        "deadline": deadline,
        "exit": int(np.median([answer.exit for answer in answers])),
        "milliseconds": 1000 * float(np.median([answer.seconds for answer in answers])),
    }
