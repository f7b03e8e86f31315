"""Gradient norms of exits or tasks, for the weightings that need them.

Keras has no gradients of its own: each backend has a training step here.
"""

import keras
import numpy as np
from keras import ops

from ann import keras_private
from ann.losses.replicas import mean_over_replicas, num_replicas


def require_backend(scheme) -> None:
    """Raises where gradient norms cannot be had.

    Raises:
        NotImplementedError: the backend is neither TensorFlow nor JAX.
    """
    backend = keras.config.backend()
    if backend not in _STEPS:
        raise NotImplementedError(
            f"{type(scheme).__name__} needs the gradient norm of each exit, which takes one of the "
            f"backends {sorted(_STEPS)}. Received: KERAS_BACKEND={backend}"
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


def train_step(model, *args):
    """One step of `keras.Model.fit` with gradient norms given to the loss combiner.

    A norm is that of the gradient of one exit's or task's loss, over all replicas, with respect to
    the weights that all of them share. Costs one backward pass for each on top of the step's own.

    Args:
        model: compiled, with `losses_to_balance`, `shared_variables` and `total_loss`, such as a
            `MultiExitModel`.
        *args: as Keras gives them to `train_step`: `data`, and on JAX the state before it.

    Returns:
        As Keras wants it: the logs of the step, and on JAX the next state.

    Raises:
        ValueError: no weight is shared.
    """
    return _STEPS[keras.config.backend()](model, *args)


def _tensorflow_step(model, data):
    import tensorflow as tf

    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    shared = [variable.value for variable in model.shared_variables]
    with tf.GradientTape() as step_tape:
        with tf.GradientTape(persistent=True) as norm_tape:
            y_pred = model(x, training=True)
            losses = model.losses_to_balance(y, y_pred, sample_weight)
        with step_tape.stop_recording():
            of_losses = [norm_tape.gradient(loss, shared) for loss in losses]
            norms = ops.stack([_norm(gradients) for gradients in _of_shared(of_losses)])
        del norm_tape
        total = model.total_loss(y, y_pred, sample_weight, training=True, gradient_norms=norms)
        loss = model.optimizer.scale_loss(total)
    variables = model.trainable_weights
    model.optimizer.apply_gradients(
        zip(step_tape.gradient(loss, variables), variables, strict=True)
    )
    return _logs(model, x, y, y_pred, sample_weight, total)


def _jax_step(model, state, data):
    import jax

    trained, fixed, of_optimizer, of_metrics = state
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    optimizer = model.optimizer
    # The two forward passes of a step are one and the same to the compiler, which does it once.
    norms = _jax_norms(model, trained, fixed, x, y, sample_weight)

    def scaled_loss(values):
        scope = _scope(
            (model.trainable_variables, values),
            (model.non_trainable_variables, fixed),
            (optimizer.variables, of_optimizer),
        )
        with scope:
            y_pred = model(x, training=True)
            total = model.total_loss(y, y_pred, sample_weight, training=True, gradient_norms=norms)
            loss = optimizer.scale_loss(total)
        return loss, (total, y_pred, _current(scope, model.non_trainable_variables))

    gradients, (total, y_pred, fixed) = jax.grad(scaled_loss, has_aux=True)(trained)
    trained, of_optimizer = optimizer.stateless_apply(of_optimizer, gradients, trained)
    with _scope((model.metrics_variables, of_metrics)) as scope:
        logs = _logs(model, x, y, y_pred, sample_weight, total)
    return logs, (trained, fixed, of_optimizer, _current(scope, model.metrics_variables))


def _jax_norms(model, trained, fixed, x, y, sample_weight):
    """`(losses,)`."""
    import jax

    variables = model.trainable_variables
    wanted = {id(variable) for variable in model.shared_variables}
    places = [index for index, variable in enumerate(variables) if id(variable) in wanted]

    def losses(shared):
        values = list(trained)
        for place, value in zip(places, shared, strict=True):
            values[place] = value
        with _scope((variables, values), (model.non_trainable_variables, fixed)):
            y_pred = model(x, training=True)
            return model.losses_to_balance(y, y_pred, sample_weight)

    shared = [trained[place] for place in places]
    values, pull_back = jax.vjp(losses, shared)
    reached = _reached(losses, shared)

    def norm(one_hot):
        (gradients,) = pull_back(list(one_hot))
        return _norm([one for one, is_shared in zip(gradients, reached, strict=True) if is_shared])

    # One backward pass in the program, done once for each loss.
    return jax.lax.map(norm, ops.eye(len(values)))


def _reached(losses, shared):
    """Which of the variables all losses depend on. Their gradients do not tell: JAX gives zeros
    where there is no way from a variable to a loss.
    """
    import jax
    from jax.interpreters import partial_eval

    program = jax.make_jaxpr(losses)(shared).jaxpr
    each = np.eye(len(program.outvars), dtype=bool).tolist()
    needs = [partial_eval.dce_jaxpr(program, kept)[1] for kept in each]
    reached = [all(of_losses) for of_losses in zip(*needs, strict=True)]
    if not any(reached):
        raise ValueError(_NOTHING_SHARED)
    return reached


def _scope(*groups):
    """Context in which variables have given values, and layers may assign others."""
    mapping = [pair for group in groups for pair in zip(*group, strict=True)]
    return keras.StatelessScope(state_mapping=mapping, collect_losses=True)


def _current(scope, variables):
    return [scope.get_current_value(variable) for variable in variables]


def _logs(model, x, y, y_pred, sample_weight, total):
    batch_size = ops.shape(keras.tree.flatten(y_pred)[0])[0]
    keras_private.track_loss(model, total * num_replicas(), batch_size)
    return model.compute_metrics(x, y, y_pred, sample_weight=sample_weight)


_STEPS = {"tensorflow": _tensorflow_step, "jax": _jax_step}
_NOTHING_SHARED = (
    "gradient norms are taken for the trainable weights that all losses depend on, and there are "
    "none"
)


def _of_shared(gradients):
    """Of each loss, its gradients for the variables that all losses depend on."""
    of_variables = zip(*gradients, strict=True)
    shared = [of_losses for of_losses in of_variables if all(x is not None for x in of_losses)]
    if not shared:
        raise ValueError(_NOTHING_SHARED)
    return zip(*shared, strict=True)


def _norm(gradients):
    flat = ops.concatenate([ops.reshape(gradient, (-1,)) for gradient in gradients])
    return ops.norm(mean_over_replicas(flat))
