"""The race: sheets of digits with a deadline each, for the anytime and the static networks."""

import dataclasses
import os

import numpy as np
import pandas as pd

from ann.runtime import AnytimePredictor

_SHEET = 60  # digits that are read in one call
_ROUNDS = 10
_DEADLINES = 6


@dataclasses.dataclass(frozen=True)
class Race:
    """What was measured.

    Attributes:
        sheet: digits in one call.
        table: a row for each exit of the anytime network: `exit, macs, milliseconds, error`
            (percent), without a deadline.
        asked: a row for each deadline: `deadline` (milliseconds), `exit` that answered (the median
            over calls), `milliseconds` (median), `slowest` (the 95th percentile), `error` (percent)
            over all answers.
        static: a row for each static network: `exit, macs, milliseconds, slowest, error`.
        load: of the machine over its cores, during the race.
    """

    sheet: int
    table: pd.DataFrame
    asked: pd.DataFrame
    static: pd.DataFrame
    load: float


def race(anytime: AnytimePredictor, static: dict[int, AnytimePredictor], test) -> Race:
    """Asks the anytime network with several deadlines, and each static network without one.

    All calls are interleaved, so that whatever else the machine does falls on all of them alike.

    Args:
        anytime: the exported anytime network.
        static: the static networks by the exit at which they end.
        test: images and labels.
    """
    starts = range(0, len(test.labels) - _SHEET + 1, _SHEET)
    sheets = [(test.images[at : at + _SHEET], test.labels[at : at + _SHEET]) for at in starts]
    table = _by_exit(anytime, sheets)
    deadlines = choose_deadlines(table.milliseconds.to_numpy())
    askers = [(anytime, {"deadline": deadline / 1000}) for deadline in deadlines]
    askers += [(predictor, {}) for predictor in static.values()]
    measured = _interleaved(askers, sheets)
    asked = pd.DataFrame(measured[: len(deadlines)]).assign(deadline=deadlines)
    ends = {"exit": list(static), "macs": [int(one.macs[-1]) for one in static.values()]}
    static_rows = pd.DataFrame(measured[len(deadlines) :]).assign(**ends)
    return Race(_SHEET, table, asked, static_rows, os.getloadavg()[0] / os.cpu_count())


def choose_deadlines(milliseconds) -> np.ndarray:
    """Deadlines from a little after the first answer to well after the last, to two digits.

    Args:
        milliseconds: to each exit.

    Example:
        >>> choose_deadlines(np.array([1.0, 2.0, 4.0])).tolist()
        [1.4, 1.9, 2.4, 3.3, 4.4, 6.0]
    """
    return np.array(
        [
            float(f"{one:.2g}")
            for one in np.geomspace(1.4 * milliseconds[0], 1.5 * milliseconds[-1], _DEADLINES)
        ]
    )


def _by_exit(anytime, sheets):
    """The cost and the error of each exit, one after the other."""
    askers = [(anytime, {"budget_macs": macs}) for macs in anytime.macs]
    measured = pd.DataFrame(_interleaved(askers, sheets)).drop(columns="slowest")
    measured["milliseconds"] = np.maximum.accumulate(measured.milliseconds)
    return measured.assign(macs=anytime.macs)


def _interleaved(askers, sheets):
    """Every asker reads every sheet, round by round.

    Returns:
        A dictionary per asker: `exit, milliseconds, slowest, error`.
    """
    answers = [[] for _ in askers]
    wrong = [[] for _ in askers]
    for _ in range(_ROUNDS):
        for images, labels in sheets:
            for index, (predictor, options) in enumerate(askers):
                answer = predictor.predict(images, **options)
                answers[index].append(answer)
                wrong[index].append(answer.logits.argmax(-1) != labels)
    return [_measured(*one) for one in zip(answers, wrong, strict=True)]


def _measured(answers, wrong):
    milliseconds = [1000 * answer.seconds for answer in answers]
    return {
        "exit": int(np.median([answer.exit for answer in answers])),
        "milliseconds": float(np.median(milliseconds)),
        "slowest": float(np.percentile(milliseconds, 95)),
        "error": 100 * float(np.mean(wrong)),
    }
