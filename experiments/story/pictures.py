"""Some pictures, and what every exit says about them."""

import dataclasses

import numpy as np

# Kind: how many pictures of it to show.
_SHOWN = {"early": 2, "late": 4, "lost": 2, "never": 1}


@dataclasses.dataclass(frozen=True)
class Answers:
    """What every exit says about every test picture.

    Attributes:
        images: `(pictures, height, width, 1)`.
        labels: `(pictures,)`.
        classes: `(pictures, num_exits)`, the answers.
        confidences: `(pictures, num_exits)`, their probabilities.
    """

    images: np.ndarray
    labels: np.ndarray
    classes: np.ndarray
    confidences: np.ndarray

    def kinds(self) -> dict[str, np.ndarray]:
        """The pictures of each kind, those with the most wrong exits first.

        `early` ones are right at every exit, `late` ones right at the last exit and wrong at one
        before, `lost` ones wrong at the last exit and right at one before, `never` ones always
        wrong.
        """
        right = self.classes == self.labels[:, np.newaxis]
        last = right[:, -1]
        chosen = {
            "early": right.all(1),
            "late": last & ~right.all(1),
            "lost": ~last & right.any(1),
            "never": ~right.any(1),
        }
        order = np.argsort(right.sum(1), kind="stable")
        return {kind: order[which[order]] for kind, which in chosen.items()}

    def shown(self) -> dict[str, np.ndarray]:
        """The pictures of each kind to look at."""
        return {kind: found[: _SHOWN[kind]] for kind, found in self.kinds().items()}


def answers_of(predictor, test) -> Answers:
    """Asks an exported network for the answer of every exit to every test picture."""
    logits = np.stack([answer.logits for answer in predictor.refine(test.images)], axis=1)
    shares = np.exp(logits - logits.max(-1, keepdims=True))
    shares /= shares.sum(-1, keepdims=True)
    return Answers(test.images, test.labels, logits.argmax(-1), shares.max(-1))
