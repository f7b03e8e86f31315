"""Steps and evaluations of the training loop on TensorFlow, over a tf.distribute strategy."""

from ann.training.distribution import strategy


class TensorFlowEngine:
    """What the training loop asks of TensorFlow.

    Args:
        strategy_name, batch_size: as `name` and `batch_size` of `ann.training.strategy`.
        steps_per_call: 1, or None.

    Attributes:
        steps_per_call: 1.

    Raises:
        ValueError: as `ann.training.strategy`, or several steps per call.
    """

    def __init__(self, strategy_name: str, batch_size: int, steps_per_call: int | None = None):
        if steps_per_call not in (1, None):
            raise ValueError(
                "several steps per call need KERAS_BACKEND=jax, where the data is on the device. "
                f"Received: steps_per_call={steps_per_call}"
            )
        self.steps_per_call = 1
        self.strategy = strategy(strategy_name, batch_size)

    def scope(self):
        """Context in which the model is made and compiled."""
        return self.strategy.scope()

    def start(self, model, batches) -> None:
        """Makes the training step.

        Args:
            model: a compiled model, with the state to go on from.
            batches: tf.data.Dataset of global batches, from the next step on.
        """
        model.make_train_function()
        self.model = model
        self._iterator = iter(self.strategy.experimental_distribute_dataset(batches))

    def train(self, count: int) -> dict:
        """The next steps.

        Args:
            count: number of steps.

        Returns:
            The logs of the epoch so far, as `fit` gives them to callbacks.

        Raises:
            StopIteration: there are no more batches.
        """
        import tensorflow as tf  # the rest of this room also serves Keras's JAX backend

        try:
            for _ in range(count):
                logs = self.model.train_function(self._iterator)
        except tf.errors.OutOfRangeError:
            raise StopIteration from None
        return logs

    def evaluate(self, batches, callbacks) -> dict:
        """The results of `model.evaluate` by name.

        Args:
            batches: tf.data.Dataset of global batches.
            callbacks: a `keras.callbacks.CallbackList`.
        """
        return self.model.evaluate(batches, callbacks=callbacks, return_dict=True)

    @staticmethod
    def failures() -> tuple:
        """What a failed operation raises, such as the decoding of a broken image."""
        import tensorflow as tf

        return (tf.errors.OpError,)
