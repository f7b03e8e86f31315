"""Where the replicas run."""

import functools
import json
import os


def strategy(name: str, batch_size: int):
    """The tf.distribute strategy of a run.

    Args:
        name: "one_device", or "mirrored" over all visible GPUs, else over all logical CPUs.
        batch_size: global batch size; must be divisible by the replicas.

    Raises:
        ValueError: unknown name, an indivisible batch, or TF_CONFIG describes a cluster, whose
            workers would all train alone.
    """
    import tensorflow as tf  # the rest of this room also serves Keras's JAX backend

    if name not in ("one_device", "mirrored"):
        raise ValueError(
            f"strategy must be 'one_device' or 'mirrored'. Received: strategy={name!r}"
        )
    workers = json.loads(os.environ.get("TF_CONFIG") or "{}").get("cluster", {}).get("worker", [])
    if len(workers) > 1:
        raise ValueError(
            f"TF_CONFIG describes {len(workers)} workers, but each of them would train alone. "
            f"Unset TF_CONFIG. Received: strategy={name!r}"
        )
    if name == "one_device":
        return tf.distribute.get_strategy()
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if batch_size % len(devices):
        raise ValueError(
            f"batch_size must be a multiple of the {len(devices)} replicas. "
            f"Received: batch_size={batch_size}"
        )
    return _mirrored(tuple(device.name for device in devices))


@functools.cache
def _mirrored(devices):
    # One for the process: a second strategy over the same devices would number its collectives as
    # the first one did, and TensorFlow takes two collectives of one number for the same.
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(devices)
