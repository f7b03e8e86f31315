"""Replicas of `tf.distribute`; on other backends, and outside of a strategy, there is one."""

import keras


def num_replicas() -> int:
    """Replicas of the current strategy."""
    if keras.config.backend() != "tensorflow":
        return 1
    import tensorflow as tf  # only this backend has replicas

    return tf.distribute.get_strategy().num_replicas_in_sync


def mean_over_replicas(value):
    """Mean over all replicas, on every replica; the value itself where there is one."""
    if num_replicas() == 1:
        return value
    import tensorflow as tf

    replica = tf.distribute.get_replica_context()
    return value if replica is None else replica.all_reduce(tf.distribute.ReduceOp.MEAN, value)
