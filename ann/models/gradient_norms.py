"""Gradient norms of the exits, for the weightings that need them.

TensorFlow only: it nests gradient tapes.
"""

import keras
from keras import ops

from ann import keras_private
from ann.losses.replicas import mean_over_replicas, num_replicas


def require_usable(scheme, first_segment, training_mode: str) -> None:
    """Raises where gradient norms cannot be had.

    Raises:
        NotImplementedError: the backend is not TensorFlow.
        ValueError: no gradient of the later exits reaches the first segment, or nothing in it is
            trained.
    """
    name, backend = type(scheme).__name__, keras.config.backend()
    if backend != "tensorflow":
        raise NotImplementedError(
            f"{name} needs the gradient norm of each exit, which takes the TensorFlow backend. "
            f"Received: KERAS_BACKEND={backend}"
        )
    if training_mode in ("no_grad", "heads", "last"):
        raise ValueError(
            f"{name} needs the gradients of all exits with respect to the first segment: "
            "'no_grad' stops them, and 'heads' and 'last' do not train it. "
            f"Received: training_mode={training_mode!r}"
        )
    if not first_segment.trainable_variables:
        raise ValueError(
            f"{name} needs the gradients of all exits with respect to the first segment. "
            "Received: a first segment without trainable variables"
        )


def train_step(model, data):
    """One step of `keras.Model.fit` with the norms of the exits' gradients given to the loss
    combiner.

    A norm is that of the gradient of one exit's loss, over all replicas, with respect to the
    weights of the first segment. Costs one backward pass for each exit on top of the step's own.

    Args:
        model: a compiled `MultiExitModel`.
        data: `(x, y)` or `(x, y, sample_weight)`.

    Returns:
        The logs of the step.
    """
    import tensorflow as tf

    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    shared = [variable.value for variable in model.segments[0].trainable_variables]
    with tf.GradientTape() as step_tape:
        with tf.GradientTape(persistent=True) as norm_tape:
            y_pred = model(x, training=True)
            means = ops.mean(model.training_losses(y, y_pred), axis=1)
            losses = [means[index] for index in range(model.num_exits)]
        with step_tape.stop_recording():
            norms = ops.stack([_norm(norm_tape.gradient(loss, shared)) for loss in losses])
        del norm_tape
        total = model.total_loss(y, y_pred, sample_weight, training=True, gradient_norms=norms)
        loss = model.optimizer.scale_loss(total)
    variables = model.trainable_weights
    model.optimizer.apply_gradients(
        zip(step_tape.gradient(loss, variables), variables, strict=True)
    )
    keras_private.track_loss(model, total * num_replicas(), ops.shape(y_pred[0])[0])
    return model.compute_metrics(x, y, y_pred, sample_weight=sample_weight)


def _norm(gradients):
    flat = ops.concatenate([ops.reshape(gradient, (-1,)) for gradient in gradients])
    return ops.norm(mean_over_replicas(flat))
