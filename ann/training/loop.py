"""The training loop of a run, on any engine: `fit` that can stop and go on at any step."""

import time

import keras

from ann.training.position import Position


class TrainingLoop:
    """Trains a compiled model from a position to its last epoch, with Keras's callbacks.

    It gives the numbers of `fit`. What `fit` cannot do is to begin inside an epoch: there the
    metrics of the epoch in progress are part of the state, and the log of that epoch comes out as
    if nothing had happened.

    Args:
        engine: what computes the steps, as returned by `ann.training.engine`. Callbacks and
            `should_stop` come between its calls, of `steps_per_call` steps each.
        model: a compiled Keras model.
        position: where training stands; moved on.
        checkpoints: where states go.
        save_every: steps between two checkpoints inside an epoch; 0 for none. There is always one
            after each epoch.
        best: name in the logs of what decides on the best epoch, the lowest value; None for none.
        should_stop: function without arguments; True makes the loop save and return.

    Attributes:
        stopped: whether `should_stop` ended the loop.
    """

    def __init__(
        self,
        engine,
        model,
        position,
        checkpoints,
        *,
        save_every=0,
        best=None,
        should_stop,
    ):
        self.engine = engine
        self.model = model
        self.position: Position = position
        self.checkpoints = checkpoints
        self.save_every = save_every
        self.best = best
        self.should_stop = should_stop
        self.stopped = False
        if position.best_by != best:  # values of different measures do not compare
            position.best, position.best_by = None, best

    def run(
        self,
        batches,
        validation,
        *,
        epochs: int,
        batch_size: int,
        evaluate_every: int = 1,
        callbacks=(),
        verbose: int = 0,
    ) -> None:
        """Trains, evaluates, logs and saves.

        The logs of an epoch hold what the logs of `fit` hold, and `seconds` (of training, without
        evaluation) and `images_per_second`.

        Args:
            batches: training batches of the engine's kind, from `position.next_batch` on.
            validation: batches of the engine's kind to evaluate on.
            epochs: where to end.
            batch_size: images in a batch.
            evaluate_every: epochs between two evaluations.
            callbacks: Keras callbacks. What they remember themselves is not saved.
            verbose: for a callback that shows progress, as in `fit`.

        Raises:
            RuntimeError: there are fewer batches than steps.
            OSError: a checkpoint cannot be written.
        """
        model, position = self.model, self.position
        callbacks = keras.callbacks.CallbackList(
            [*callbacks, _StopEvaluating(self.should_stop)],
            model=model,
            verbose=verbose,
            epochs=epochs,
            steps=position.steps_per_epoch,
        )
        model.stop_training = False
        self.engine.start(model, batches)
        callbacks.on_train_begin()
        logs = {}
        while position.epoch < epochs and not model.stop_training:
            if position.step == 0:
                model.reset_metrics()
            callbacks.on_epoch_begin(position.epoch)
            self._train(callbacks)
            if self.stopped:
                return
            logs = _numbers(model.get_metrics_result())
            logs["seconds"] = position.seconds
            logs["images_per_second"] = position.step * batch_size / position.seconds
            if (position.epoch + 1) % evaluate_every == 0:
                logs |= self._evaluate(validation, callbacks)
                if self.stopped:
                    return
            callbacks.on_epoch_end(position.epoch, logs)
            is_best = self._is_best(logs)
            position.finish_epoch()
            self.checkpoints.save(model, position, is_best=is_best)
        # Averaged weights take the place of the last ones here, as in `fit`; checkpoints hold both.
        model.optimizer.finalize_variable_values(model.trainable_weights)
        callbacks.on_train_end(logs)

    def _train(self, callbacks):
        """The steps that are left of the epoch in progress."""
        model, position = self.model, self.position
        while position.step < position.steps_per_epoch:
            if self.should_stop():
                self._stop()
                return
            start = time.perf_counter()
            callbacks.on_train_batch_begin(position.step)
            count = self._next_steps()
            logs = self._steps(count)
            callbacks.on_train_batch_end(position.step + count - 1, logs)
            position.step += count
            position.seconds += time.perf_counter() - start
            if model.stop_training:
                return
            inside = position.step < position.steps_per_epoch
            if inside and self.save_every and position.steps_done % self.save_every == 0:
                self.checkpoints.save(model, position)
        if self.should_stop():
            self._stop()

    def _next_steps(self) -> int:
        """How many steps the next call does: none beyond the epoch or the next checkpoint."""
        position = self.position
        count = min(self.engine.steps_per_call, position.steps_per_epoch - position.step)
        if self.save_every:
            count = min(count, self.save_every - position.steps_done % self.save_every)
        return count

    def _steps(self, count):
        try:
            return self.engine.train(count)
        except StopIteration:
            step, epoch = self.position.step, self.position.epoch
            raise RuntimeError(
                f"the training data ended early, at step {step} of epoch {epoch}"
            ) from None

    def _evaluate(self, validation, callbacks):
        model = self.model
        training = [keras.ops.convert_to_numpy(v) for v in model.metrics_variables]
        logs = self.engine.evaluate(validation, callbacks)
        if self.should_stop():
            for variable, value in zip(model.metrics_variables, training, strict=True):
                variable.assign(value)
            self._stop()
        return {f"val_{name}": value for name, value in logs.items()}

    def _is_best(self, logs):
        value = logs.get(self.best)
        better = value is not None and (self.position.best is None or value < self.position.best)
        if better:
            self.position.best = value
        return better

    def _stop(self):
        self.checkpoints.save(self.model, self.position)
        self.stopped = True


class _StopEvaluating(keras.callbacks.Callback):
    """Ends an evaluation that nobody will wait for."""

    def __init__(self, should_stop):
        super().__init__()
        self.should_stop = should_stop

    def on_test_batch_end(self, batch, logs=None):
        self.model.stop_evaluating = self.should_stop()


def _numbers(results):
    return {name: float(keras.ops.convert_to_numpy(value)) for name, value in results.items()}
