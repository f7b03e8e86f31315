"""What each exit is trained towards: the labels, smoothed, and the answer of the final exit."""

import dataclasses
import math

from ann.losses.backend import ops
from ann.losses.knob import Configurable, knob

_TINY = 1e-30  # below every probability that matters: keeps log 0 out of 0 log 0


@dataclasses.dataclass(eq=False)
class Targets(Configurable):
    """How far the answers of the exits are from their targets.

    The loss of an exit is the divergence KL(q || p) = CE(q, p) - H(q) of its answer p from its
    target q. For plain labels that is the cross-entropy. For smoothed or mixed labels the entropy
    H(q), below which no cross-entropy can fall, is taken off. It changes no gradient of the
    network. But a weighting that compares the losses of the exits then compares what is left to
    learn: with the entropy left in, the losses of all exits end near it, and the weights of AdaLoss
    become flat.

    Args:
        label_smoothing: s in q = (1 - s) y + s / K over K classes (Szegedy et al. 2016, section 7).
        distillation: a in the loss (1 - a) KL(q || p_i) + a T^2 KL(p_last^T || p_i^T) of every exit
            but the last, where p^T is the softmax of the logits over T, and no gradient flows into
            p_last (Phuong and Lampert 2019; T^2 after Hinton et al. 2015, section 2).
        temperature: T.

    Raises:
        ValueError: an argument is out of range.

    Example:
        >>> round(Targets(label_smoothing=0.1).floor(10), 4)  # no cross-entropy falls below this
        0.5003
    """

    label_smoothing: float = knob(
        0.0, "share of each label that is spread over all classes", low=0, high=1, open="high"
    )
    distillation: float = knob(
        0.0, "share of an earlier exit's loss that comes from the final exit", low=0, high=1
    )
    temperature: float = knob(3.0, "softens the answers for the distillation", low=0, open="low")

    def check(self, num_exits: int) -> None:
        """Raises where a network cannot be trained so.

        Raises:
            ValueError: distillation with one exit.
        """
        if self.distillation and num_exits < 2:
            raise ValueError(
                "distillation needs an earlier exit to teach. "
                f"Received: distillation={self.distillation} with {num_exits} exit"
            )

    def floor(self, num_classes: int) -> float:
        """Entropy of a smoothed label, in nats: the least cross-entropy."""
        other = self.label_smoothing / num_classes
        own = 1 - self.label_smoothing + other
        return -own * math.log(own) - (num_classes - 1) * (other and other * math.log(other))

    def losses(self, labels, logits):
        """Loss of each exit and sample in training.

        Args:
            labels: class indices `(batch,)` or `(batch, 1)`, or distributions over the classes
                `(batch, num_classes)`.
            logits: list of num_exits tensors `(batch, num_classes)`.

        Returns:
            float32 `(num_exits, batch)`, at least 0.

        Raises:
            ValueError: labels of another shape.
        """
        from ann.losses.cross_entropy import exit_cross_entropies, is_one_hot

        found = exit_cross_entropies(labels, logits)
        num_classes = logits[0].shape[-1]
        mixed = is_one_hot(labels, num_classes)
        if mixed or self.label_smoothing:
            floor = self._entropy(labels) if mixed else self.floor(num_classes)
            # Rounding must not make a loss negative, and with it the weight of its exit.
            found = ops.maximum(self._smoothed(found, logits) - floor, 0.0)
        return self._distilled(found, logits) if self.distillation else found

    def _smoothed(self, cross_entropies, logits):
        if not self.label_smoothing:
            return cross_entropies
        even = ops.stack([-ops.mean(ops.log_softmax(one), axis=-1) for one in logits])
        return (1 - self.label_smoothing) * cross_entropies + self.label_smoothing * even

    def _entropy(self, distributions):
        share = self.label_smoothing
        target = (1 - share) * ops.cast(distributions, "float32") + share / distributions.shape[-1]
        return -ops.sum(target * ops.log(ops.maximum(target, _TINY)), axis=-1)

    def _distilled(self, own, logits):
        soft = [ops.log_softmax(one / self.temperature) for one in logits]
        teacher = ops.stop_gradient(soft[-1])
        from_teacher = ops.stack(
            [ops.sum(ops.exp(teacher) * (teacher - pupil), axis=-1) for pupil in soft[:-1]]
        )
        taught = self.distillation * self.temperature**2 * from_teacher
        return ops.concatenate([(1 - self.distillation) * own[:-1] + taught, own[-1:]])
