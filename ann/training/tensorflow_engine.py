"""Steps and evaluations of the training loop on TensorFlow, over a tf.distribute strategy."""

import keras

from ann.training.checkpoint import Checkpoints
from ann.training.distribution import strategy
from ann.training.engines import Engine
from ann.training.replicas import WorkerCheckpoints, sharing
from ann.training.workers import OneWorker, StrategyWorkers

_LOST = "Collective ops is aborted by: "  # and the reason, in the words of TensorFlow


class TensorFlowEngine(Engine):
    """The engine on TensorFlow.

    Args:
        strategy_name, batch_size, virtual_devices: as of `ann.training.strategy`.
        steps_per_call: 1, or None.

    Raises:
        ValueError: as `ann.training.strategy`, or several steps per call.
    """

    def __init__(
        self,
        strategy_name: str,
        batch_size: int,
        *,
        virtual_devices: int = 0,
        steps_per_call: int | None = None,
    ):
        if steps_per_call not in (1, None):
            raise ValueError(
                "several steps per call need KERAS_BACKEND=jax, where the data is on the device. "
                f"Received: steps_per_call={steps_per_call}"
            )
        self.steps_per_call = 1
        self.strategy = strategy(strategy_name, batch_size, virtual_devices)
        # Keras's own functions serve one device, and a TPU, whose cores need whole batches.
        self._own_steps = strategy_name in ("mirrored", "multi_worker")
        many = strategy_name == "multi_worker"
        self.workers = StrategyWorkers(self.strategy) if many else OneWorker()
        self._replica_batch = batch_size // self.strategy.num_replicas_in_sync

    @staticmethod
    def require_determinism() -> None:
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()

    def scope(self):
        return self.strategy.scope()

    def checkpoints(self, folder, keep: int) -> Checkpoints:
        if self.workers.count > 1:
            return WorkerCheckpoints(folder, keep, self.workers, lambda: self._share())
        return Checkpoints(folder, keep)

    def start(self, model, batches) -> None:
        self.model = model
        if not self._own_steps:
            model.make_train_function()
            self._iterator = iter(self.strategy.experimental_distribute_dataset(batches))
            self._train_step = model.train_function
            return
        parts = batches.rebatch(self._replica_batch, drop_remainder=True)
        self._iterator = iter(self.strategy.distribute_datasets_from_function(lambda _: parts))
        self._train_step = self._training_function()
        self._test_step = self._test_function()
        self._share = sharing(self.strategy, model)

    def train(self, count: int) -> dict:
        import tensorflow as tf  # the rest of this room also serves Keras's JAX backend

        try:
            for _ in range(count):
                logs = self._train_step(self._iterator)
        except tf.errors.OutOfRangeError:
            raise StopIteration from None
        return logs

    def evaluate(self, batches, callbacks) -> dict:
        model = self.model
        if not self._own_steps:
            return model.evaluate(batches, callbacks=callbacks, return_dict=True)
        self._share()
        model.stop_evaluating = False
        callbacks.on_test_begin()
        model.reset_metrics()
        iterator, step = iter(batches), 0
        # A worker that has no batch left waits for the others, so that all can stop together.
        while self.workers.any((batch := next(iterator, None)) is not None):
            callbacks.on_test_batch_begin(step)
            if batch is not None:
                self._test_step(self._parts(batch))
            callbacks.on_test_batch_end(step)
            if model.stop_evaluating:
                break
            step += 1
        results = model.get_metrics_result()
        logs = {name: float(keras.ops.convert_to_numpy(one)) for name, one in results.items()}
        callbacks.on_test_end(logs)
        return logs

    @staticmethod
    def failures() -> tuple:
        import tensorflow as tf

        return (tf.errors.OpError,)

    def lost_worker(self, error):
        lines = str(getattr(error, "message", "")).splitlines()
        told = [line.strip() for line in lines if _LOST in line]
        return told[0].split(_LOST)[1].rstrip(":") if told else None

    def _training_function(self):
        """As Keras's train function, whose mean of logs fails on several workers."""
        import tensorflow as tf

        def replica(batch):
            logs = self.model.train_step(batch)
            context = tf.distribute.get_replica_context()
            means = context.all_reduce(tf.distribute.ReduceOp.MEAN, tf.stack(list(logs.values())))
            return dict(zip(logs, tf.unstack(means), strict=True))

        @tf.function(reduce_retracing=True, autograph=False)
        def function(iterator):
            logs = self.strategy.run(replica, args=(next(iterator),))
            first = lambda one: self.strategy.experimental_local_results(one)[0]
            return {name: first(one) for name, one in logs.items()}

        return function

    def _test_function(self):
        """As Keras's test function, which fails where a replica gets no image of a small batch."""
        import tensorflow as tf

        def replica(batch):
            def test():
                self.model.test_step(batch)
                return True

            tf.cond(tf.shape(batch[-1])[0] > 0, test, lambda: False)

        def step(batch):
            self.strategy.run(replica, args=(batch,))

        return tf.function(step, reduce_retracing=True, autograph=False)

    def _parts(self, batch):
        """A batch of this worker as one value for each of its replicas."""
        count = self.strategy.num_replicas_in_sync // self.workers.count
        size = -(-len(batch[-1]) // count)

        def part(context):
            start = context.replica_id_in_sync_group % count * size
            return tuple(one[start : start + size] for one in batch)

        return self.strategy.experimental_distribute_values_from_function(part)
