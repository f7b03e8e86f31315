"""SGD as the papers mean it."""

import keras

from ann.keras_private import variable_index


@keras.saving.register_keras_serializable(package="ann")
class L2SGD(keras.optimizers.SGD):
    """SGD with momentum and L2 regularisation in the gradient.

    The gradient of each kernel w becomes g + l2 w before momentum, which is the gradient of a
    penalty l2/2 |w|^2 on convolution and linear kernels. Biases, normalisation and weighting
    parameters are left alone. Keras's `weight_decay` is decoupled
    from the gradient, and so from momentum and learning rate: a different thing.

    Args:
        l2: coefficient; the papers print 1e-4, the authors' code used 2e-4 on CIFAR.
        **kwargs: of `keras.optimizers.SGD`.
    """

    def __init__(self, learning_rate=0.1, momentum=0.9, l2=1e-4, **kwargs):
        super().__init__(learning_rate=learning_rate, momentum=momentum, **kwargs)
        self.l2 = l2

    def build(self, variables):
        super().build(variables)
        self._is_kernel = [variable.name.endswith("kernel") for variable in variables]

    def update_step(self, gradient, variable, learning_rate):
        if self.l2 and self._is_kernel[variable_index(self, variable)]:
            gradient = gradient + self.l2 * keras.ops.cast(variable, gradient.dtype)
        super().update_step(gradient, variable, learning_rate)

    def get_config(self):
        return {**super().get_config(), "l2": self.l2}
