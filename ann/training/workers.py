"""The processes of one run, and what they tell each other."""

import numpy as np

_WORDS = np.dtype("<u2")  # 16 bits at a time: float32 holds them exactly, and any device sums it


class OneWorker:
    """A run in a single process.

    Attributes:
        index, count: number of this process, and of all processes.
        is_chief: whether this process reads and writes the files of the run.
    """

    index = 0
    count = 1
    is_chief = True

    def any(self, flag: bool) -> bool:
        """Whether the flag is set in any process."""
        return bool(flag)

    def from_chief(self, content: bytes | None) -> bytes:
        """What the chief gives, in every process; the others give None, and wait for it."""
        return content


class StrategyWorkers(OneWorker):
    """The processes of a tf.distribute strategy.

    All of them have to call the same methods in the same order.

    Args:
        strategy: a `tf.distribute.MultiWorkerMirroredStrategy`.
    """

    def __init__(self, strategy):
        resolver = strategy.cluster_resolver
        self.index = resolver.task_id
        self.count = resolver.cluster_spec().num_tasks("worker")
        self.is_chief = self.index == 0
        self._sum = _summing(strategy, self.index, self.count)

    def any(self, flag: bool) -> bool:
        return bool(self._sum(np.float32([flag]))[0])

    def from_chief(self, content: bytes | None) -> bytes:
        given = content if self.is_chief else b""
        high, low = self._sum(np.float32(divmod(len(given), 2**16))).astype(int)
        size = high * 2**16 + low
        if not size:  # TensorFlow crashes in a sum of nothing
            return b""
        words = np.zeros(-(-size // 2), _WORDS)
        words.view(np.uint8)[: len(given)] = np.frombuffer(given, np.uint8)
        return self._sum(words.astype(np.float32)).astype(_WORDS).tobytes()[:size]


def _summing(strategy, index, count):
    """Function that sums a float32 vector over the workers. Each counts once, however many replicas
    it has."""
    import tensorflow as tf  # the rest of this room also serves Keras's JAX backend

    first = index * (strategy.num_replicas_in_sync // count)

    def replica(values):
        context = tf.distribute.get_replica_context()
        mine = tf.equal(context.replica_id_in_sync_group, first)
        given = tf.where(mine, values, tf.zeros_like(values))
        return context.all_reduce(tf.distribute.ReduceOp.SUM, given)

    function = tf.function(lambda values: strategy.run(replica, args=(values,)), autograph=False)

    def summed(values):
        results = function(tf.constant(values))
        return strategy.experimental_local_results(results)[0].numpy()

    return summed


class JaxWorkers(OneWorker):
    """The processes that have joined through `jax.distributed.initialize`.

    All of them have to call the same methods in the same order.
    """

    def __init__(self):
        import jax  # the rest of this room also serves TensorFlow

        self.index = jax.process_index()
        self.count = jax.process_count()
        self.is_chief = self.index == 0

    def any(self, flag: bool) -> bool:
        from jax.experimental import multihost_utils

        return bool(multihost_utils.process_allgather(np.array(flag)).any())

    def from_chief(self, content: bytes | None) -> bytes:
        from jax.experimental import multihost_utils

        given = np.frombuffer(content if self.is_chief else b"", np.uint8)
        halves = np.array(divmod(len(given), 2**16), np.int32)  # JAX has no larger integers
        high, low = np.asarray(multihost_utils.broadcast_one_to_all(halves)).astype(int)
        padded = np.zeros(high * 2**16 + low, np.uint8)
        padded[: len(given)] = given
        return np.asarray(multihost_utils.broadcast_one_to_all(padded)).tobytes()
