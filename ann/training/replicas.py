"""What the replicas of a model hold that is each one's own, brought together."""

import keras

from ann.training.checkpoint import Checkpoints, load_state, state_of
from ann.training.position import Position


def sharing(strategy, model):
    """Makes the function that gives all replicas the mean of what each computed by itself.

    These are the moving statistics of batch normalization. They are linear in what they are
    computed from: their mean now is what it would be if the replicas had shared every step's.

    Args:
        strategy: the tf.distribute strategy.
        model: a compiled model, made in its scope.

    Returns:
        Function without arguments; all workers have to call it at the same time.
    """
    import tensorflow as tf  # the rest of this room also serves Keras's JAX backend

    own = [
        variable
        for variable in model.non_trainable_variables
        if variable.aggregation == "none" and keras.backend.is_float_dtype(variable.dtype)
    ]

    def replica():
        context = tf.distribute.get_replica_context()
        values = [tf.identity(variable.value) for variable in own]
        means = context.all_reduce(tf.distribute.ReduceOp.MEAN, values)
        for variable, mean in zip(own, means, strict=True):
            variable.assign(mean)

    def share():
        if own:
            strategy.run(replica)

    return tf.function(share, autograph=False)


class WorkerCheckpoints(Checkpoints):
    """Checkpoints of a run on several workers.

    The chief reads and writes the files; the other workers need no access to the folder. All
    workers have to call the same methods in the same order.

    Args:
        folder, keep: as of `Checkpoints`.
        workers: the processes of the run.
        share: what `sharing` makes; called before a state is read.
    """

    def __init__(self, folder, keep, workers, share):
        super().__init__(folder, keep)
        self.workers = workers
        self.share = share

    def save(self, model, position: Position, *, is_best: bool = False) -> None:
        self.share()
        state = state_of(model, each_replica=False)  # reads sums over all workers
        # Metrics go on from the sums that the file holds, here as in a run that is resumed: their
        # last bits depend on how a sum is divided among the workers.
        metrics = model.metrics_variables
        for variable, (_, value) in zip(metrics, state[len(state) - len(metrics) :], strict=True):
            variable.assign(value)
        if self.workers.is_chief:
            self.write(position, state, is_best=is_best)

    def restore(self, model) -> Position | None:
        path, content = self.newest_whole() if self.workers.is_chief else (None, b"")
        content = self.workers.from_chief(content)
        if not content:
            return None
        return load_state(model, content, path or "of the chief", each_replica=False)

    def remove_leftovers(self) -> None:
        if self.workers.is_chief:
            super().remove_leftovers()
