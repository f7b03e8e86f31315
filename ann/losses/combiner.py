"""The layer that turns the losses of the exits into the scalar that is minimised, and holds all state of the weighting."""

import keras
from keras import ops

from ann.losses.scheme import Scheme


@keras.saving.register_keras_serializable(package="ann")
class LossCombiner(keras.layers.Layer):
    """sum_i w_i l_i, with the weights w of a scheme.

    State of the scheme lives in non-trainable variables, so that it is part of the compiled graph and of every checkpoint.
    Under `tf.distribute` the scheme sees the losses averaged over the replicas: all replicas compute equal weights and states.

    Args:
        scheme: the weighting scheme.
        num_exits: number of exits.

    Attributes:
        exit_weights: variable `(num_exits,)`, the weights last used; what logs and evaluation read.

    Example:
        >>> combiner = LossCombiner(Linear(), num_exits=3)
        >>> float(combiner(keras.ops.ones(3), training=True))
        1.875
    """

    def __init__(self, scheme: Scheme, num_exits: int, **kwargs):
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)
        self.scheme = scheme
        self.num_exits = num_exits
        self.exit_weights = self._state_variable("exit_weights", ops.ones(num_exits, "float32"))
        self.state = {name: self._state_variable(name, value) for name, value in scheme.initial_state(num_exits).items()}
        self.built = True

    def _state_variable(self, name, value):
        # Every replica assigns the same value, see `call`; the first one's is then everybody's.
        value = ops.convert_to_tensor(value)
        return self.add_weight(
            name=name,
            shape=value.shape,
            dtype=keras.backend.standardize_dtype(value.dtype),
            initializer=lambda shape, dtype=None: ops.cast(value, dtype),
            trainable=False,
            autocast=False,
            aggregation="only_first_replica",
        )

    def call(self, losses, training=False):
        """Scalar to minimise.

        Args:
            losses: float32 `(num_exits,)`, means over the (replica's) batch.
            training: True moves the state of the scheme one step on; False uses the weights of the last training step.
        """
        if not training:
            return ops.sum(self.exit_weights * losses)
        weights, state = self.scheme.step(
            {name: variable.value for name, variable in self.state.items()}, mean_over_replicas(ops.stop_gradient(losses))
        )
        self.exit_weights.assign(weights)
        for name, value in state.items():
            self.state[name].assign(value)
        return ops.sum(weights * losses)

    def get_config(self):
        return {
            **super().get_config(),
            "scheme": keras.saving.serialize_keras_object(self.scheme),
            "num_exits": self.num_exits,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "scheme": keras.saving.deserialize_keras_object(config["scheme"])})


def num_replicas() -> int:
    """Replicas of the current `tf.distribute` strategy; 1 outside of one and on other backends."""
    if keras.config.backend() != "tensorflow":
        return 1
    import tensorflow as tf  # only this backend has replicas

    return tf.distribute.get_strategy().num_replicas_in_sync


def mean_over_replicas(value):
    """Mean over all replicas, on every replica; the value itself where there is one."""
    if num_replicas() == 1:
        return value
    import tensorflow as tf

    replica = tf.distribute.get_replica_context()
    return value if replica is None else replica.all_reduce(tf.distribute.ReduceOp.MEAN, value)
