"""What is measured at each exit: loss, error, and the metrics given to `compile`."""

import inspect
import itertools

import keras
import numpy as np
from keras import ops

from ann.metrics import AnytimeMetric
from ann.models.exit_losses import ExitLosses


class ExitMetrics(AnytimeMetric):
    """Loss of every exit; its error where labels are classes; and copies of metrics for every exit.

    Args:
        exit_names: names of the exits, shallow to deep.
        losses: the loss of the exits.
        metrics: names, functions or Keras metrics of `(labels, logits)`, each copied for every
            exit. Names of those that can read logits do. Named `exit_00_<name>`, ... in the logs.

    Raises:
        ValueError: a metric is unknown, or reads probabilities.
    """

    def __init__(self, exit_names, losses: ExitLosses, metrics=None):
        super().__init__(exit_names)
        self._losses = losses
        self.given = lambda: list(metrics or ())  # a list would be tracked as state
        self.of_exit = [[_metric(one, losses) for one in metrics or ()] for _ in exit_names]

    def update(self, labels, logits, sample_weight=None):
        """Adds a batch: labels, list of logits, weights of samples or answers."""
        per_answer = self._losses.per_answer(labels, logits)
        if self._losses.classifies:
            wrong = self._losses.wrong(labels, logits)
        else:
            wrong = ops.zeros_like(per_answer)
        weights = self._losses.weights(sample_weight, per_answer, logits)
        self.update_state(per_answer, wrong, weights)
        for metrics, one in zip(self.of_exit, logits, strict=True):
            for metric in metrics:
                metric.update_state(labels, one, sample_weight=sample_weight)

    def result(self):
        results = super().result()
        if not self._losses.classifies:
            results = {name: value for name, value in results.items() if "error" not in name}
            of_exits = ops.stack([results[f"{name}_loss"] for name in self.exit_names])
            results = {
                "average_loss": ops.mean(of_exits),
                "final_loss": of_exits[-1],
                **results,
            }
        for name, metrics in zip(self.exit_names, self.of_exit, strict=True):
            results |= {f"{name}_{metric.name}": metric.result() for metric in metrics}
        return results

    @property
    def result_names(self):
        """Names of what `result` gives, in its order."""
        of_exit = [
            [f"{name}_loss"] + [f"{name}_error"] * self._losses.classifies
            for name in self.exit_names
        ]
        summary = "error" if self._losses.classifies else "loss"
        metrics = [
            f"{name}_{metric.name}"
            for name, metrics in zip(self.exit_names, self.of_exit, strict=True)
            for metric in metrics
        ]
        return [f"average_{summary}", f"final_{summary}", *itertools.chain(*of_exit), *metrics]

    def reset_state(self):
        for variable in (self.loss_sums, self.wrong_sums, self.weight_sum):
            variable.assign(ops.zeros(variable.shape, variable.dtype))
        for metrics in self.of_exit:
            for metric in metrics:
                metric.reset_state()


def _metric(given, losses):
    """A metric of its own for one exit."""
    if isinstance(given, str) and given in ("accuracy", "acc"):
        return keras.metrics.MeanMetricWrapper(_accuracy(losses), name="accuracy")
    name = given if isinstance(given, str) else getattr(given, "__name__", None)
    if isinstance(given, str):
        given = _by_name(given)
    if isinstance(given, keras.metrics.Metric):
        _require_logits_read(given)
        return type(given).from_config(given.get_config() | ({"name": name} if name else {}))
    if not callable(given):
        raise ValueError(
            f"metrics must be names, functions or Keras metrics. Received: metrics={given!r}"
        )
    if inspect.isfunction(given) and given.__module__.startswith("keras."):
        _require_function_of_logits(given)
    return keras.metrics.MeanMetricWrapper(given, name=name)


def _by_name(name):
    """A metric or function of Keras; a metric that can read logits does."""
    found = keras.metrics.get(name)
    found = found() if isinstance(found, type) else found
    if not isinstance(found, keras.metrics.Metric):
        return found
    config = found.get_config()
    if "from_logits" in config:
        return type(found).from_config(config | {"from_logits": True})
    return type(found).from_config(config | dict.fromkeys(_at_one_half(config), 0.0))


def _require_logits_read(metric):
    """Raises where a metric of Keras reads probabilities."""
    config = metric.get_config()
    what = f"Received: metrics={type(metric).__name__}"
    if config.get("from_logits") is False:
        raise ValueError(
            f"exits give logits: the metric must have from_logits=True. {what}(from_logits=False)"
        )
    if "from_logits" in config or not type(metric).__module__.startswith("keras."):
        return
    of_share = isinstance(metric, keras.metrics.FBetaScore) and metric.threshold is not None
    if of_share or "num_thresholds" in config:
        raise ValueError(
            "exits give logits, and this metric reads probabilities: give a function of labels and "
            f"logits. {what}"
        )
    for option in _at_one_half(config):
        raise ValueError(
            f"exits give logits: {option}=0.0 is a probability of one half. {what}({option}=0.5)"
        )


def _at_one_half(config) -> list[str]:
    """The options by which a metric compares with 0.5: also the default of `thresholds`, None."""
    default = [None] if config.get("top_k") is None else []
    values: dict[str, list] = {"threshold": [0.5], "thresholds": [0.5, *default]}
    return [
        option
        for option, halves in values.items()
        if option in config and any(one in halves for one in np.ravel(config[option]))
    ]


def _require_function_of_logits(function):
    options = {"from_logits", "threshold"} & set(inspect.signature(function).parameters)
    if options:
        raise ValueError(
            f"exits give logits: give this metric as an object, whose {options.pop()} can be set. "
            f"Received: metrics={function.__name__}"
        )


def _accuracy(losses):
    if losses.classifies:
        return lambda labels, logits: 1 - losses.wrong(labels, [logits])[0]
    return lambda labels, logits: ops.cast(
        ops.equal(ops.reshape(ops.cast(labels, "float32"), ops.shape(logits)) > 0.5, logits > 0),
        "float32",
    )
