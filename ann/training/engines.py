"""What computes the steps of the training loop: an engine, by Keras's backend."""

import importlib
from typing import Any, Protocol

import keras

_ENGINES = {
    "jax": ("ann.training.jax_engine", "JaxEngine"),
    "tensorflow": ("ann.training.tensorflow_engine", "TensorFlowEngine"),
}


class Engine(Protocol):
    """What the training loop asks of an engine.

    Attributes:
        workers: the processes of the run.
        steps_per_call: most steps that one call of `train` does.
    """

    workers: Any
    steps_per_call: int

    @staticmethod
    def require_determinism() -> None:
        """Makes the engine compute the same bits at each run, from here on in this process.

        Raises:
            ValueError: it cannot.
        """

    def scope(self):
        """Context in which the model is made and compiled."""

    def checkpoints(self, folder, keep: int) -> Any:
        """The checkpoints of the run: `Checkpoints(folder, keep)`, over all workers."""

    def start(self, model, batches) -> None:
        """Makes the training step, and puts the state where it is trained.

        Args:
            model: a compiled model, with the state to go on from.
            batches: training batches of the engine's kind (`ann.data.training_batches`), this
                worker's parts of the global batches from the next step on.
        """

    def train(self, count: int) -> dict:
        """The next steps.

        Args:
            count: number of steps, at most `steps_per_call`.

        Returns:
            The logs of the epoch so far, as `fit` gives them to callbacks.

        Raises:
            StopIteration: there are no more batches.
        """
        ...

    def evaluate(self, batches, callbacks) -> dict:
        """The results of `model.evaluate` by name.

        Args:
            batches: batches of the engine's kind (`ann.data.evaluation_batches`), of any sizes.
            callbacks: a `keras.callbacks.CallbackList`.
        """
        ...

    @staticmethod
    def failures() -> tuple:
        """What a failed operation raises, such as the decoding of a broken image."""
        ...

    def lost_worker(self, error: Exception) -> str | None:
        """What happened to another worker, if an error says so; None for any other error."""
        ...


def engine(
    strategy_name: str,
    batch_size: int,
    *,
    virtual_devices: int = 0,
    steps_per_call: int | None = None,
) -> Engine:
    """The engine of this process.

    Args:
        strategy_name: where the replicas run.
        batch_size: images in a global batch.
        virtual_devices: number of devices to make of this machine's CPU; 0 for none.
        steps_per_call: most training steps that one call of the compiled function does; None: the
            engine's choice.

    Raises:
        ValueError: Keras's backend has no engine, or an argument is not allowed.

    Example:
        >>> type(engine("one_device", 128)).__name__
        'TensorFlowEngine'
    """
    backend = keras.config.backend()
    if backend not in _ENGINES:
        raise ValueError(
            f"training needs KERAS_BACKEND to be one of {sorted(_ENGINES)}. "
            f"Received: KERAS_BACKEND={backend!r}"
        )
    module, name = _ENGINES[backend]
    make = getattr(importlib.import_module(module), name)
    return make(
        strategy_name, batch_size, virtual_devices=virtual_devices, steps_per_call=steps_per_call
    )
