"""The engine of the training loop, by Keras's backend."""

import importlib

import keras

_ENGINES = {
    "jax": ("ann.training.jax_engine", "JaxEngine"),
    "tensorflow": ("ann.training.tensorflow_engine", "TensorFlowEngine"),
}


def engine(
    strategy_name: str,
    batch_size: int,
    *,
    virtual_devices: int = 0,
    steps_per_call: int | None = None,
):
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
