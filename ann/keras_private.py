"""What the library takes from Keras without Keras promising it: each use once, with its reason.

Keras may change any of these in a minor release. tests/test_keras_private.py then fails with the
name of what has changed, and this is the one module to mend.
"""


def replace_sublayer(model, name: str, layer) -> None:
    """Sets `model.<name>` to a layer after the model is built, in place of the one before.

    `_tracker`: Keras locks a built model against new sublayers. The loss combiner must be one, so
    that its variables are trained, saved and restored with the model, and there is a new one at
    each `compile`, so that the weighting starts afresh.
    """
    model._tracker.unlock()
    model._tracker.untrack(getattr(model, name, None))
    setattr(model, name, layer)
    model._tracker.lock()


def track_loss(model, loss, batch_size) -> None:
    """Adds a batch to the mean of `loss` in the logs of a compiled model.

    `_loss_tracker`: Keras's own training step does this, and a training step of ours (GradNorm) has
    to do it, too; there is no public way.
    """
    model._loss_tracker.update_state(loss, sample_weight=batch_size)


class ResultsInOrder:
    """Mix-in of a `keras.Model`: lists of results come in the order of `metrics_names`.

    `_flatten_metrics_in_order`: Keras sorts what a dictionary of one metric holds by name, after
    the results of the other metrics; `metrics_names` does not show that order.
    """

    def _flatten_metrics_in_order(self, logs):
        return [logs[name] for name in self.metrics_names]


def mask_of(tensor):
    """The mask that a tensor carries, else None.

    `_keras_mask`: the attribute by which Keras passes masks from layer to layer. A graph that is
    cut has to pass it on across the cut.
    """
    return getattr(tensor, "_keras_mask", None)


def variable_index(optimizer, variable) -> int:
    """Position of a variable in the list that the optimizer was built with.

    `_get_variable_index`: `update_step` is given a variable, or under `tf.distribute` the part that
    a replica holds of it, which has another name and identity.
    """
    return optimizer._get_variable_index(variable)


def nodes(model):
    """The calls of a functional model, each after those it reads from.

    `_nodes_by_depth`, and of its nodes `operation`, `arguments`, `input_tensors`, `outputs` and
    `is_input`: Keras offers the graph in public only as a configuration (which custom layers may
    refuse to give), or by calling every layer again (which changes `layer.output`).
    """
    for depth in sorted(model._nodes_by_depth, reverse=True):
        yield from model._nodes_by_depth[depth]
