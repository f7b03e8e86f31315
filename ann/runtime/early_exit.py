"""Early exit by confidence: samples leave the batch at the first exit that is sure enough."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class EarlyExits:
    """Where each sample of a batch left, and with which answer.

    Attributes:
        exits: int `(batch,)`, 0-based.
        logits: float32 `(batch, num_classes)`.
        macs: int `(batch,)`, multiply-accumulates spent for each sample; None where they are not
            known.
    """

    exits: np.ndarray
    logits: np.ndarray
    macs: np.ndarray | None


def probabilities(logits) -> np.ndarray:
    """Softmax over the last axis."""
    exps = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)


def run_early_exit(engine, inputs, thresholds, num_classes, macs) -> EarlyExits:
    """Runs the links over the samples that are left.

    A sample leaves where its confidence reaches the threshold. A confidence that is not a number
    reaches none.
    """
    batch = len(inputs[0])
    exits = np.zeros(batch, int)
    logits = np.zeros((batch, num_classes), np.float32)
    left, state = np.arange(batch), engine.begin(inputs)
    for index in range(len(thresholds)):
        state, answers = engine.step(index, state)
        exits[left], logits[left] = index, answers
        confident = probabilities(answers).max(axis=-1) >= thresholds[index]
        stays = np.flatnonzero(~confident)
        if not len(stays):
            break
        if len(stays) < len(left):
            left, state = left[stays], engine.select(state, stays)
    return EarlyExits(exits, logits, None if macs is None else macs[exits])
