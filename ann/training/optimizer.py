"""Optimizers that decay kernels and leave biases and normalization alone."""

import keras

from ann.keras_private import variable_index

DECAY_ON = ("kernels", "all")


def _decays(variable, decay_on: str) -> bool:
    """Whether weight decay applies to a variable. What a weighting learns is not a weight of the
    network, and is never decayed."""
    if "loss_combiner" in variable.path:
        return False
    return decay_on == "all" or variable.name.endswith("kernel")


def _check_decay_on(decay_on):
    if decay_on not in DECAY_ON:
        raise ValueError(f"decay_on must be one of {DECAY_ON}. Received: decay_on={decay_on!r}")


@keras.saving.register_keras_serializable(package="ann")
class L2SGD(keras.optimizers.SGD):
    """SGD as the papers mean it: momentum, and L2 regularization in the gradient.

    The gradient of each kernel w becomes g + l2 w before momentum, which is the gradient of a
    penalty l2/2 |w|^2 on convolution and linear kernels. Biases, normalization and weighting
    parameters are left alone. Keras's `weight_decay` is decoupled from the gradient, and so from
    momentum and learning rate: a different thing.

    Args:
        l2: coefficient; the papers print 1e-4, the authors' code used 2e-4 on CIFAR.
        decay_on: "kernels"; or "all": biases and normalization, too.
        **kwargs: of `keras.optimizers.SGD`, such as `nesterov`.

    Raises:
        ValueError: another `decay_on`.
    """

    def __init__(self, learning_rate=0.1, momentum=0.9, l2=1e-4, decay_on="kernels", **kwargs):
        _check_decay_on(decay_on)
        super().__init__(learning_rate=learning_rate, momentum=momentum, **kwargs)
        self.l2 = l2
        self.decay_on = decay_on

    def build(self, variables):
        super().build(variables)
        self._is_decayed = [_decays(variable, self.decay_on) for variable in variables]

    def update_step(self, gradient, variable, learning_rate):
        if self.l2 and self._is_decayed[variable_index(self, variable)]:
            gradient = gradient + self.l2 * keras.ops.cast(variable, gradient.dtype)
        super().update_step(gradient, variable, learning_rate)

    def get_config(self):
        return {**super().get_config(), "l2": self.l2, "decay_on": self.decay_on}


@keras.saving.register_keras_serializable(package="ann")
class KernelAdamW(keras.optimizers.AdamW):
    """AdamW (Loshchilov and Hutter 2019, Algorithm 2) that decays kernels only.

    Each step takes `learning_rate * weight_decay * w` off each kernel w.

    Args:
        weight_decay: decoupled decay.
        decay_on: "kernels"; or "all": biases and normalization, too.
        **kwargs: of `keras.optimizers.AdamW`.

    Raises:
        ValueError: another `decay_on`.
    """

    def __init__(self, learning_rate=0.001, weight_decay=0.004, decay_on="kernels", **kwargs):
        _check_decay_on(decay_on)
        super().__init__(learning_rate=learning_rate, weight_decay=weight_decay, **kwargs)
        self.decay_on = decay_on

    def build(self, variables):
        if not self.built:
            spared = [one for one in variables if not _decays(one, self.decay_on)]
            self.exclude_from_weight_decay(var_list=spared)
        super().build(variables)

    def get_config(self):
        return {**super().get_config(), "decay_on": self.decay_on}
