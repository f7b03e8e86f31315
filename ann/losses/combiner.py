"""The layer that turns the losses of the exits into one scalar and holds the weighting's state."""

import keras
from keras import ops

from ann import losses
from ann.losses.replicas import mean_over_replicas
from ann.losses.samplers import Sampler
from ann.losses.scheme import Scheme

# Saved models name these classes. They are registered here, not where they are defined, so that
# they can be defined without importing Keras.
for _cls in (*losses.schemes().values(), *losses.samplers().values(), losses.Targets):
    keras.saving.register_keras_serializable(package="ann")(_cls)


@keras.saving.register_keras_serializable(package="ann")
class LossCombiner(keras.layers.Layer):
    """sum_i w_i l_i with the weights w of a scheme, and extra weight for an exit that a sampler
    draws.

    State of scheme and sampler lives in variables, so that it is part of the compiled graph and of
    every checkpoint. Under `tf.distribute` both see the losses averaged over the replicas: all
    replicas compute equal weights and states.

    Args:
        scheme: the weighting scheme.
        num_exits: number of exits.
        sampler: the sampler, if any.

    Attributes:
        exit_weights: variable `(num_exits,)`, the scheme's weights of the last step; what logs and
            evaluation read.
        exit_probabilities: variable `(num_exits,)`, the sampler's of the last step; None without a
            sampler.
        state, sampler_state: dictionaries of variables.

    Example:
        >>> combiner = LossCombiner(Linear(), num_exits=3)
        >>> float(combiner(keras.ops.ones(3), training=True))
        1.875
    """

    def __init__(self, scheme: Scheme, num_exits: int, sampler: Sampler | None = None, **kwargs):
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)
        self.scheme = scheme
        self.sampler = sampler
        self.num_exits = num_exits
        self.exit_weights = self._variable("exit_weights", ops.ones(num_exits, "float32"))
        self.state = self._variables(scheme.initial_state(num_exits), learned=scheme.learned)
        self.exit_probabilities = None
        self.sampler_state = {}
        if sampler is not None:
            self.exit_probabilities = self._variable(
                "exit_probabilities", ops.ones(num_exits, "float32") / num_exits
            )
            self.sampler_state = self._variables(sampler.initial_state(num_exits))
        self.built = True

    def _variables(self, initial, learned=()):
        return {
            name: self._variable(name, value, trainable=name in learned)
            for name, value in initial.items()
        }

    def _variable(self, name, value, trainable=False):
        value = ops.convert_to_tensor(value)
        return self.add_weight(
            name=name,
            shape=value.shape,
            dtype=keras.backend.standardize_dtype(value.dtype),
            initializer=lambda shape, dtype=None: ops.cast(value, dtype),
            trainable=trainable,
            autocast=False,
            # Every replica assigns the same value, see `call`; the first one's is then everybody's.
            aggregation="none" if trainable else "only_first_replica",
        )

    def call(self, losses, gradient_norms=None, training=False):
        """Scalar to minimise.

        Args:
            losses: float32 `(num_exits,)`, means over the (replica's) batch.
            gradient_norms: `(num_exits,)`, for schemes that need them.
            training: True moves the state one step on; False uses the weights of the last training
                step.
        """
        if not training:
            return ops.sum(self.exit_weights * losses)
        seen = mean_over_replicas(ops.stop_gradient(losses))
        signals = (seen, gradient_norms) if self.scheme.needs_gradient_norms else (seen,)
        state = _values(self.state)
        weights, changed = self.scheme.step(state, *signals)
        penalty = self.scheme.penalty(state)
        self.exit_weights.assign(ops.stop_gradient(weights))
        _assign(self.state, changed)
        if self.sampler is not None:
            weights = self._sampled(weights, seen)
        return ops.sum(weights * losses) + penalty

    def _sampled(self, weights, losses):
        """The weights with the extra one of the exit drawn."""
        state = _values(self.sampler_state)
        fixed = ops.stop_gradient(weights)
        chosen, probabilities = self.sampler.draw(state, fixed)
        self.exit_probabilities.assign(probabilities)
        _assign(self.sampler_state, self.sampler.update(state, losses, chosen, probabilities))
        return weights + self.sampler.tau * ops.sum(fixed) * chosen

    def get_config(self):
        return {
            **super().get_config(),
            "scheme": keras.saving.serialize_keras_object(self.scheme),
            "num_exits": self.num_exits,
            "sampler": keras.saving.serialize_keras_object(self.sampler),
        }

    @classmethod
    def from_config(cls, config):
        parts = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in ("scheme", "sampler")
        }
        return cls(**{**config, **parts})


def _values(variables):
    """Values as they are now, whatever is assigned later.

    Copies: TensorFlow would take the variable itself for a tensor, and read it when it is used.
    """
    return {name: ops.copy(variable) for name, variable in variables.items()}


def _assign(variables, values):
    for name, value in values.items():
        variables[name].assign(value)
