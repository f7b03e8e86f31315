"""The scalar to minimize, from the mean losses of exits or tasks."""

import numpy as np
from keras import ops

from ann.losses.replicas import num_replicas


def weighted_loss(model, means, floors, gradient_norms=None, *, training):
    """The replica's share of the scalar to minimize, with the losses of the layers added.

    Args:
        model: Keras model with a `loss_combiner`, whose state moves on if `training`.
        means: float32 `(num_exits,)`, mean loss of each exit or task on the replica's batch.
        floors: what the losses cannot fall below: number, or one per loss. The weighting sees what
            is above it.
        gradient_norms: `(num_exits,)`, for weightings that need them.
        training: whether this is a training step.
    """
    above = ops.maximum(means - floors, 0.0) if np.any(floors) else means
    total = model.loss_combiner(above, gradient_norms, training=training)
    if np.any(floors):
        total = total + ops.stop_gradient(ops.sum(model.loss_combiner.exit_weights * floors))
    if model.losses:
        total = total + ops.sum(ops.stack(model.losses))
    # Gradients are summed over replicas, so each contributes its share of the mean, as Keras's
    # own losses do.
    return total / num_replicas()
