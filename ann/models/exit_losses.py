"""The loss of each exit: one Keras loss, applied to the logits of every exit; or that of a task.

An *answer* is what a loss gives one number for: a sample, or with logits `(batch, ..., classes)` a
position of a sample.
"""

import inspect
import math
import re

import keras
from keras import ops

from ann.losses.cross_entropy import exit_cross_entropies, wrong_predictions

_SUM_TOLERANCE = 1e-3
_CLASSES = ("categorical_crossentropy", "sparse_categorical_crossentropy")
_BINARY = ("binary_crossentropy", "binary_focal_crossentropy")
# Losses of Keras that read probabilities and have no `from_logits`.
_OF_PROBABILITIES = (
    "categorical_generalized_cross_entropy",
    "dice",
    "k_l_divergence",
    "kl_divergence",
    "tversky",
)


class ExitLosses:
    """One loss for every exit.

    Args:
        loss: None for the cross-entropy of classes; else name, function of `(labels, logits)`, or
            Keras loss. A loss that can read logits does: names, and functions of Keras, are
            completed with `from_logits=True`.
        logits_shape: `(batch, ..., num_classes)`.
        output: name of the output of a task, whose one answer takes the place of the exits'.
        from_logits: whether the answers are logits; False for probabilities, None where it is not
            known.

    Attributes:
        given: `loss` as given.
        classifies: whether labels are classes, of which an answer can be wrong.
        floor: what the loss cannot fall below, 0 for most. With label smoothing it is the entropy
            of the smoothed label, and -1 for a cosine similarity; a loss of your own may have an
            attribute `floor`.

    Raises:
        ValueError: the loss is unknown, reads probabilities where there are logits (or the other
            way round), or cannot train one class.

    Example:
        >>> loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
        >>> round(ExitLosses(loss, (None, 10)).floor, 3)
        0.5
    """

    def __init__(self, loss, logits_shape, *, output=None, from_logits=True):
        self.given = loss
        self._output = output
        self.num_classes = logits_shape[-1]
        self._rank = len(logits_shape)
        self._loss = _resolved(loss, output, from_logits)
        self._kind = _name_of(self._loss)
        self.classifies = self._kind is None or self._kind in _CLASSES
        self._refuse_one_class()
        self.floor = float(getattr(self._loss, "floor", 0.0) or self._known_floor())

    def _refuse_one_class(self):
        if self.classifies and self.num_classes == 1:
            raise ValueError(
                "with one class every answer is right. For a yes or no compile with "
                "loss='binary_crossentropy', for a value with loss='mse'. Received: num_classes=1"
            )

    def _known_floor(self) -> float:
        if self._kind == "cosine_similarity":
            return -1.0
        smoothing = float(_options(self._loss).get("label_smoothing") or 0.0)
        if not smoothing:
            return 0.0
        classes = 2 if self._kind in _BINARY else self.num_classes
        other = smoothing / classes
        right = 1 - smoothing + other
        return -right * math.log(right) - (classes - 1) * other * math.log(other)

    def per_answer(self, labels, logits):
        """Loss of each exit and answer: float32 `(num_exits, answers)`.

        Args:
            labels: as the loss wants them.
            logits: list of num_exits tensors `(batch, ..., num_classes)`.

        Raises:
            ValueError: the labels do not fit the loss.
        """
        self.require_labels(labels, logits[0])
        if self._loss is None:
            labels, flat = _answers(labels, logits)
            return only_known(labels, exit_cross_entropies(labels, flat))
        return ops.stack([self._values(labels, one) for one in logits])

    def _values(self, labels, logits):
        if _is_of_keras(self._loss) and self.num_classes == 1 and len(labels.shape) < self._rank:
            labels = ops.expand_dims(labels, -1)
        if isinstance(self._loss, keras.losses.Loss):
            values = self._loss.call(ops.convert_to_tensor(labels), logits)
        else:
            values = self._loss(labels, logits)
        if not len(values.shape):  # one number for the batch
            values = ops.broadcast_to(values, ops.shape(logits)[:1])
        return ops.cast(ops.reshape(values, (-1,)), "float32")

    def wrong(self, labels, logits):
        """1.0 where the answer of an exit is wrong, else 0.0: float32 `(num_exits, answers)`."""
        return wrong_predictions(*_answers(labels, logits))

    def weights(self, sample_weight, per_answer, logits):
        """Weight of each answer `(answers,)`, from weights of samples or answers; None for None."""
        if sample_weight is None:
            return None
        batch = ops.shape(logits[0])[0]
        ones = ops.reshape(ops.ones_like(per_answer[0]), (batch, -1))
        weights = ops.cast(ops.reshape(sample_weight, (batch, -1)), ones.dtype)
        return ops.reshape(ones * weights, (-1,))

    def require_labels(self, labels, logits) -> None:
        """Raises where shape or type of the labels show that they do not fit the loss.

        Raises:
            ValueError: they do not fit.
        """
        if isinstance(labels, (list, tuple, dict)):
            raise ValueError(
                "all exits have the same labels: give one array of them. "
                f"Received: a {type(labels).__name__} of {len(labels)}"
            )
        shape, wanted = tuple(labels.shape), tuple(logits.shape)
        dtype = keras.backend.standardize_dtype(labels.dtype)
        if self._kind in (None, "sparse_categorical_crossentropy"):
            one_hot = self._kind is None and _fits(shape, wanted)
            indices = _fits(shape, wanted[:-1]) or _fits(shape, (*wanted[:-1], 1))
            if not one_hot and not indices:
                self._refuse(
                    f"class indices {_batch(wanted[:-1])} or one-hot {_batch(wanted)}", labels
                )
            if not one_hot and keras.backend.is_float_dtype(dtype):
                self._refuse(
                    "class indices, which are integers (for values use loss='mse')", labels
                )
        elif (
            _is_of_keras(self._loss) and not _fits(shape, wanted) and not _fits((*shape, 1), wanted)
        ):
            answers = "logits" if self._output is None else "output"
            self._refuse(f"of the shape of the {answers}, {_batch(wanted)}", labels)

    def _refuse(self, wanted, labels):
        of_output = "" if self._output is None else f" of the output {self._output!r}"
        raise ValueError(
            f"labels{of_output} must be {wanted}, for the loss {self._kind or 'cross-entropy'}. "
            f"Received: labels.shape={tuple(labels.shape)}, labels.dtype={labels.dtype}"
        )

    def require_values(self, labels) -> None:
        """Raises where the values of labels in memory do not fit the default loss.

        Args:
            labels: array, or anything else, which is let through.

        Raises:
            ValueError: one-hot rows do not sum to 1, or a class index is none of the classes.
        """
        if self._loss is not None or not hasattr(labels, "shape") or not len(labels):
            return
        labels = ops.convert_to_numpy(labels)
        if labels.ndim != self._rank or labels.shape[-1] != self.num_classes:
            self._require_classes(labels)
            return
        sums = labels.sum(axis=-1)
        if abs(sums - 1).max() > _SUM_TOLERANCE:
            raise ValueError(
                "one-hot labels must sum to 1. For samples of several classes compile with "
                f"loss='binary_crossentropy'. Received: rows that sum to {sums.min()} to "
                f"{sums.max()}"
            )

    def _require_classes(self, labels):
        outside = labels[(labels < 0) | (labels >= self.num_classes)]
        if outside.size:
            raise ValueError(
                self._outside(f"{outside.size} labels outside, the first is {outside[0]}")
            )

    def _outside(self, received):
        return f"labels must be in 0..{self.num_classes - 1}. Received: {received}"

    def refusal(self, error: Exception) -> str | None:
        """In one sentence, what TensorFlow says at length of a class index that is none of the
        classes; None for another error.
        """
        found = re.search(r"label value of (-?\d+) which is outside the valid range", str(error))
        return self._outside(f"a label {found[1]}") if found else None


def _resolved(loss, output, from_logits):
    """A loss that reads what is given, or None for the default."""
    if loss is None:
        return None
    if isinstance(loss, str):
        loss = keras.losses.get(loss)
        if "from_logits" in _options(loss):
            loss = type(loss)(from_logits=bool(from_logits))
    elif inspect.isclass(loss):
        loss = loss()
    if not callable(loss):
        raise ValueError(
            f"loss must be a name, a function or a Keras loss. Received: loss={loss!r}"
        )
    if inspect.isfunction(loss) and loss.__module__.startswith("keras."):
        takes_it = "from_logits" in inspect.signature(loss).parameters
        options = {"from_logits": bool(from_logits)} if takes_it else {}
        loss = _Named(loss, loss.__name__, options)
    _require_readable(loss, output, from_logits)
    return loss


def _require_readable(loss, output, from_logits):
    """Raises where a loss reads logits and is given probabilities, or the other way round."""
    who = "exits give" if output is None else f"the output {output!r} gives"
    reads_logits = _options(loss).get("from_logits")
    if None not in (reads_logits, from_logits) and reads_logits != from_logits:
        raise ValueError(
            f"{who} {'logits' if from_logits else 'probabilities'}: the loss must have "
            f"from_logits={from_logits}. "
            f"Received: loss={type(loss).__name__}(from_logits={reads_logits})"
        )
    if from_logits and _name_of(loss) in _OF_PROBABILITIES and _is_of_keras(loss):
        raise ValueError(
            f"{who} logits, and this loss reads probabilities: give a function such as "
            "lambda y, logits: keras.losses.dice(y, keras.ops.sigmoid(logits)). "
            f"Received: loss={_name_of(loss)}"
        )


class _Named(keras.losses.Loss):
    """A function of `keras.losses`."""

    def __init__(self, function, name, options):
        super().__init__(name=name, reduction=None)
        self._function = function
        self._options = options

    def call(self, y_true, y_pred):
        return self._function(y_true, y_pred, **self._options)


def _is_of_keras(loss) -> bool:
    return isinstance(loss, _Named) or type(loss).__module__.startswith("keras.")


def _options(loss) -> dict:
    return loss.get_config() if type(loss).__module__.startswith("keras.") else {}


def _name_of(loss) -> str | None:
    """Snake-case name of a loss of Keras's, whatever its `name=`; None for the default."""
    if isinstance(loss, _Named):
        return loss.name
    if isinstance(loss, keras.losses.Loss):
        kind = type(loss).__name__
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in kind).lstrip("_")
    return getattr(loss, "__name__", None if loss is None else type(loss).__name__)


def _fits(shape, wanted) -> bool:
    return len(shape) == len(wanted) and all(
        None in (a, b) or a == b for a, b in zip(shape[1:], wanted[1:], strict=True)
    )


def _batch(shape) -> str:
    return f"({', '.join(['batch', *('?' if size is None else str(size) for size in shape[1:])])})"


def _answers(labels, logits):
    """Labels and logits as if each position were a sample: `(answers,)` or `(answers, classes)`."""
    classes = logits[0].shape[-1]
    if len(logits[0].shape) == 2:
        return labels, logits
    one_hot = len(labels.shape) == len(logits[0].shape) and labels.shape[-1] == classes > 1
    labels = ops.reshape(labels, (-1, classes) if one_hot else (-1,))
    return labels, [ops.reshape(one, (-1, classes)) for one in logits]


def only_known(labels, losses):
    """NaN where one-hot labels do not sum to 1, as for class indices that there are not."""
    if len(labels.shape) == 1 or labels.shape[-1] == 1:
        return losses
    total = ops.sum(ops.cast(labels, "float32"), axis=-1)
    return ops.where(ops.abs(total - 1) < _SUM_TOLERANCE, losses, float("nan"))
