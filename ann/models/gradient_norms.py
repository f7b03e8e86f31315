"""Gradient norms of exits or tasks, for the weightings that need them.

TensorFlow only: it nests gradient tapes.
"""

import keras
from keras import ops

from ann import keras_private
from ann.losses.replicas import mean_over_replicas, num_replicas


def require_backend(scheme) -> None:
    """Raises where gradient norms cannot be had.

    Raises:
        NotImplementedError: the backend is not TensorFlow.
    """
    backend = keras.config.backend()
    if backend != "tensorflow":
        raise NotImplementedError(
            f"{type(scheme).__name__} needs the gradient norm of each exit, which takes the "
            f"TensorFlow backend. Received: KERAS_BACKEND={backend}"
        )


def require_gradients(scheme, first_segment, training_mode: str) -> None:
    """Raises where there are no gradients to take the norm of.

    Raises:
        ValueError: no gradient of the later exits reaches the first segment, or nothing in it is
            trained.
    """
    name = type(scheme).__name__
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
    """One step of `keras.Model.fit` with gradient norms given to the loss combiner.

    A norm is that of the gradient of one exit's or task's loss, over all replicas, with respect to
    the weights that all of them share. Costs one backward pass for each on top of the step's own.

    Args:
        model: compiled, with `losses_to_balance`, `shared_variables` and `total_loss`, such as a
            `MultiExitModel`.
        data: `(x, y)` or `(x, y, sample_weight)`.

    Returns:
        The logs of the step.

    Raises:
        ValueError: no weight is shared.
    """
    import tensorflow as tf

    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    shared = [variable.value for variable in model.shared_variables]
    with tf.GradientTape() as step_tape:
        with tf.GradientTape(persistent=True) as norm_tape:
            y_pred = model(x, training=True)
            losses = model.losses_to_balance(y, y_pred, sample_weight)
        with step_tape.stop_recording():
            norms = _norms([norm_tape.gradient(loss, shared) for loss in losses])
        del norm_tape
        total = model.total_loss(y, y_pred, sample_weight, training=True, gradient_norms=norms)
        loss = model.optimizer.scale_loss(total)
    variables = model.trainable_weights
    model.optimizer.apply_gradients(
        zip(step_tape.gradient(loss, variables), variables, strict=True)
    )
    batch_size = ops.shape(keras.tree.flatten(y_pred)[0])[0]
    keras_private.track_loss(model, total * num_replicas(), batch_size)
    return model.compute_metrics(x, y, y_pred, sample_weight=sample_weight)


def _norms(gradients):
    """Norm of each loss's gradient for the variables that all losses depend on: `(losses,)`."""
    of_variables = zip(*gradients, strict=True)
    shared = [of_losses for of_losses in of_variables if all(x is not None for x in of_losses)]
    if not shared:
        raise ValueError(
            "gradient norms are taken for the trainable weights that all losses depend on, and "
            "there are none"
        )
    return ops.stack([_norm(of_loss) for of_loss in zip(*shared, strict=True)])


def _norm(gradients):
    flat = ops.concatenate([ops.reshape(gradient, (-1,)) for gradient in gradients])
    return ops.norm(mean_over_replicas(flat))
