"""Where the replicas run."""

import functools


def strategy(name: str, batch_size: int):
    """The tf.distribute strategy of a run.

    Args:
        name: "one_device", or "mirrored" over all visible GPUs, else over all logical CPUs.
        batch_size: global batch size; must be divisible by the replicas.

    Raises:
        ValueError: unknown name, or an indivisible batch.
    """
    import tensorflow as tf  # the rest of this room also serves Keras's JAX backend

    if name == "one_device":
        return tf.distribute.get_strategy()
    if name != "mirrored":
        raise ValueError(
            f"strategy must be 'one_device' or 'mirrored'. Received: strategy={name!r}"
        )
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if batch_size % len(devices):
        raise ValueError(
            f"batch_size must be a multiple of the {len(devices)} replicas. Received: batch_size={batch_size}"
        )
    return _mirrored(tuple(device.name for device in devices))


@functools.cache
def _mirrored(devices):
    # One for the process: a second strategy over the same devices would number its collectives as
    # the first one did, and TensorFlow takes two collectives of one number for the same.
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(devices)
