"""The exponential average of the weights that a Keras optimizer keeps with `use_ema=True`."""

import contextlib

import keras


class EvaluateAverage(keras.callbacks.Callback):
    """Puts the averaged weights into the model for each evaluation, and then the trained ones back.

    So checkpoints written at the end of an epoch hold both, the trained weights as the model's and
    the average as a state of the optimizer, and training goes on from them as if nothing had
    happened. `keras.callbacks.SwapEMAWeights` swaps by adding and subtracting, which changes the
    last bits of the trained weights at each evaluation; here they come back exactly.

    Batch normalization's moving statistics are not averaged: they are averages already.

    On JAX, pass it to each `fit` of an optimizer with `use_ema`: a second `fit` fails without it.

    An optimizer without `use_ema` leaves everything as it is.
    """

    def on_train_begin(self, logs=None):
        self._load(self._values())  # see `_values`: an earlier `fit` ended with shared arrays

    def on_test_begin(self, logs=None):
        self._trained = []
        # The one inside a LossScaleOptimizer keeps the average.
        optimizer = getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)
        if optimizer.use_ema:
            self._trained = self._values()
            optimizer.finalize_variable_values(self.model.trainable_variables)
            self._load(self._values())

    def on_test_end(self, logs=None):
        self._load(self._trained)
        self._trained = []

    def _values(self):
        """Copies: on JAX Keras gives the model the very arrays of the average, and a step that
        reuses the memory of one destroys the other."""
        variables = self.model.trainable_variables
        return [keras.ops.convert_to_numpy(variable).copy() for variable in variables]

    def _load(self, values):
        if values:
            for variable, value in zip(self.model.trainable_variables, values, strict=True):
                variable.assign(value)


@contextlib.contextmanager
def averaged_weights(model):
    """Inside the block a compiled model has its averaged weights; nothing changes if its optimizer
    keeps no average.

    Args:
        model: compiled Keras model.

    Example:
        >>> model = models.build("resann-n1-c4")
        >>> model.compile(keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.999))
        >>> with averaged_weights(model):
        ...     model.save("model.keras")
    """
    swap = EvaluateAverage()
    swap.set_model(model)
    swap.on_test_begin()
    try:
        yield
    finally:
        swap.on_test_end()
