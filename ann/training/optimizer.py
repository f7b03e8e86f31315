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
        exit_decay: for each exit, what `l2` is multiplied by in the linear layer of its head, whose
            bias then decays, too, as in the authors' code (docs/author_code.md, section 2.6);
            None: these layers decay as the others.
        **kwargs: of `keras.optimizers.SGD`, such as `nesterov`.

    Raises:
        ValueError: another `decay_on`, or (`build`) not one linear layer for each of `exit_decay`.
    """

    def __init__(
        self,
        learning_rate=0.1,
        momentum=0.9,
        l2=1e-4,
        decay_on="kernels",
        exit_decay=None,
        **kwargs,
    ):
        _check_decay_on(decay_on)
        super().__init__(learning_rate=learning_rate, momentum=momentum, **kwargs)
        self.l2 = l2
        self.decay_on = decay_on
        self.exit_decay = None if exit_decay is None else [float(one) for one in exit_decay]

    def build(self, variables):
        super().build(variables)
        factors = [float(_decays(variable, self.decay_on)) for variable in variables]
        if self.exit_decay is not None:
            for index, factor in _of_linear_layers(variables, self.exit_decay):
                factors[index] = factor
        self._decay = [self.l2 * factor for factor in factors]

    def update_step(self, gradient, variable, learning_rate):
        decay = self._decay[variable_index(self, variable)]
        if decay:
            gradient = gradient + decay * keras.ops.cast(variable, gradient.dtype)
        super().update_step(gradient, variable, learning_rate)

    def get_config(self):
        own = {"l2": self.l2, "decay_on": self.decay_on, "exit_decay": self.exit_decay}
        return {**super().get_config(), **own}


def _of_linear_layers(variables, exit_decay):
    """Yields the position of kernel and bias of each head's linear layer, with its factor."""
    for part in ("kernel", "bias"):
        found = [k for k, one in enumerate(variables) if one.path.endswith(f"linear/{part}")]
        if len(found) != len(exit_decay):
            raise ValueError(
                f"exit_decay needs one linear layer for each of its {len(exit_decay)} numbers. "
                f"Received: {len(found)} variables linear/{part}"
            )
        yield from zip(found, exit_decay, strict=True)


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
