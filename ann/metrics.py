"""Per-exit and anytime measures as Keras metrics."""

import keras
from keras import ops


class AnytimeMetric(keras.metrics.Metric):
    """Mean loss and error of every exit, and their summary.

    `result()` is a dictionary: `average_error` (AE of 002: the mean error over the exits),
    `final_error`, then `exit_00_loss`, `exit_00_error`, ... Errors are top-1, in percent; losses
    are cross-entropies in nats.

    Args:
        exit_names: names of the exits, shallow to deep.
    """

    def __init__(self, exit_names, name="anytime", **kwargs):
        super().__init__(name=name, dtype="float32", **kwargs)
        self.exit_names = list(exit_names)
        shape = (len(self.exit_names),)
        self.loss_sums = self.add_variable(shape, keras.initializers.Zeros(), name="loss_sums")
        self.wrong_sums = self.add_variable(shape, keras.initializers.Zeros(), name="wrong_sums")
        self.weight_sum = self.add_variable((), keras.initializers.Zeros(), name="weight_sum")

    def update_state(self, losses, wrong, sample_weight=None):
        """Adds a batch.

        Args:
            losses: cross-entropies `(num_exits, batch)`.
            wrong: 1 for a wrong prediction, else 0, `(num_exits, batch)`.
            sample_weight: `(batch,)`, default ones.
        """
        weight = (
            ops.ones_like(losses[0])
            if sample_weight is None
            else ops.cast(sample_weight, "float32")
        )
        self.loss_sums.assign_add(ops.sum(losses * weight, axis=1))
        self.wrong_sums.assign_add(ops.sum(wrong * weight, axis=1))
        self.weight_sum.assign_add(ops.sum(weight))

    @property
    def result_names(self):
        """Names of what `result` gives, in its order."""
        exits = [f"{name}_{what}" for name in self.exit_names for what in ("loss", "error")]
        return ["average_error", "final_error", *exits]

    def result(self):
        losses = ops.divide_no_nan(self.loss_sums, self.weight_sum)
        errors = 100 * ops.divide_no_nan(self.wrong_sums, self.weight_sum)
        results = {"average_error": ops.mean(errors), "final_error": errors[-1]}
        for index, name in enumerate(self.exit_names):
            results[f"{name}_loss"] = losses[index]
            results[f"{name}_error"] = errors[index]
        return results
