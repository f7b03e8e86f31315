"""Several tasks of one Keras model, balanced by a weighting scheme."""

import keras
import numpy as np
from keras import ops

from ann import keras_private, losses
from ann.losses import LossCombiner
from ann.models import gradient_norms
from ann.models.compile_options import compile_options
from ann.models.exit_losses import ExitLosses
from ann.models.saved_links import deserialize
from ann.models.task_outputs import by_name, give_logits, named, require_tasks
from ann.models.weighted_loss import weighted_loss


@keras.saving.register_keras_serializable(package="ann")
class MultiTaskModel(keras.Model):
    """A Keras model of several outputs, each a task with a loss of its own, whose losses a
    weighting scheme balances.

    It wraps the model and shares its weights: after training, `keras_model` is the trained model.
    Called on a batch it gives a dictionary of answers, one per task, as `keras_model` gives them.
    Labels are a dictionary by the same names, or a list in the order of the outputs. The state of
    the weighting is in the model: it is saved, restored and mirrored with it.

    Args:
        keras_model: functional Keras model of two or more outputs `(batch, ..., values)`, in a
            dictionary or a list; in a list they are named after their layers.

    Attributes:
        keras_model: the model that is trained.
        task_names: names of the outputs; those of a dictionary sorted.
        loss_combiner: the layer holding the weighting's state, once compiled.

    Raises:
        ValueError: the model is not functional, has one output, or outputs without names.

    Example:
        >>> image = keras.Input((8, 8, 1))
        >>> x = keras.layers.Dense(16, activation="relu")(keras.layers.Flatten()(image))
        >>> digit, ink = keras.layers.Dense(10)(x), keras.layers.Dense(1)(x)
        >>> model = MultiTaskModel(keras.Model(image, {"digit": digit, "ink": ink}))
        >>> loss = {"digit": "sparse_categorical_crossentropy", "ink": "mse"}
        >>> model.compile("sgd", loss=loss, weighting="adaloss")
        >>> y = {"digit": np.zeros(4, "int32"), "ink": np.ones(4, "float32")}
        >>> history = model.fit(np.zeros((4, 8, 8, 1)), y, verbose=0).history
        >>> sorted(history)
        ['digit_loss', 'ink_loss', 'loss']
    """

    def __init__(self, keras_model, **kwargs):
        require_tasks(keras_model)
        super().__init__(**{"name": keras_model.name, **kwargs})
        self.keras_model = keras_model
        outputs = named(keras_model, keras_model.output)
        self.task_names = list(outputs)
        self.loss_trackers = [keras.metrics.Mean(name=f"{name}_loss") for name in outputs]
        self.built = True

    def call(self, inputs, training=None):
        outputs = named(self.keras_model, self.keras_model(inputs, training=training))
        return {name: ops.cast(output, "float32") for name, output in outputs.items()}

    def compile(self, optimizer="sgd", loss=None, metrics=None, weighting="const", **kwargs):
        """Configures training.

        Args:
            optimizer: name or Keras optimizer.
            loss: by output: name, function or Keras loss. A loss given by name reads logits where
                the output ends in a layer without activation. A loss that cannot fall below some
                `floor` (label smoothing) is weighted by what is above it.
            metrics: by output, as in `keras.Model.compile`; sample weights apply to them. Named
                `<output>_<metric>` in the logs.
            weighting: name or `ann.losses.Scheme`, how the losses are combined: "const", or one
                that follows the losses. The name "adaloss" stands for `losses.AdaLoss(gamma=0.0)`,
                which balances losses of any scale.
            **kwargs: `run_eagerly`, `steps_per_execution`, `jit_compile`, `auto_scale_loss` of
                `keras.Model.compile`.

        Raises:
            ValueError: an output without a loss, an unknown name, a loss that reads logits where
                the output gives probabilities or the other way round, or a weighting by depth,
                which outputs do not have.
            NotImplementedError: the weighting needs another backend.
        """
        options = compile_options(kwargs, "tasks")
        scheme = _require_balance(_for_tasks(weighting))
        if scheme.needs_gradient_norms:
            gradient_norms.require_backend(scheme)
        given = by_name("loss", loss, self.task_names, every=True)
        metrics = by_name("metrics", metrics or {}, self.task_names, every=False)
        self.task_losses = self._task_losses(given)
        combiner = LossCombiner(scheme, len(given), name="loss_combiner")
        keras_private.replace_sublayer(self, "loss_combiner", combiner)
        arguments = {"loss": given, "metrics": metrics, **options}
        self.compile_arguments = lambda: arguments  # a dictionary would be tracked as state
        super().compile(optimizer=optimizer, loss=None, weighted_metrics=metrics or None, **kwargs)
        # A first step that had to create the optimizer's variables would be traced twice.
        if not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)

    def _task_losses(self, given) -> dict:
        logits = give_logits(self.keras_model)
        outputs = named(self.keras_model, self.keras_model.output)
        found = {}
        for name, loss in given.items():
            if loss is None:
                raise ValueError(f"each output needs a loss. Received: None for {name!r}")
            found[name] = ExitLosses(
                loss, tuple(outputs[name].shape), output=name, from_logits=logits[name]
            )
        return found

    @property
    def task_weights(self) -> dict:
        """Weight of each task's loss in the last training step."""
        weights = ops.convert_to_numpy(self.loss_combiner.exit_weights)
        return dict(zip(self.task_names, weights.tolist(), strict=True))

    @property
    def shared_variables(self):
        """The trainable variables; gradient norms are taken for those that all tasks depend on."""
        return self.keras_model.trainable_variables

    def losses_to_balance(self, y, y_pred, sample_weight=None) -> list:
        """Mean loss of each task on the batch: scalars."""
        return [
            ops.mean(one if weights is None else one * weights)
            for one, weights in self._losses_and_weights(y, y_pred, sample_weight)
        ]

    def _losses_and_weights(self, y, y_pred, sample_weight):
        """Loss of each answer of a task `(answers,)`, and its weight or None."""
        labels = by_name("y", y, self.task_names, every=True)
        sample_weights = self._sample_weights(sample_weight)
        for name, loss in self.task_losses.items():
            answers = [y_pred[name]]
            per_answer = loss.per_answer(labels[name], answers)
            yield per_answer[0], loss.weights(sample_weights.get(name), per_answer, answers)

    def _sample_weights(self, given) -> dict:
        if given is None or isinstance(given, (dict, list, tuple)):
            return by_name("sample_weight", given or {}, self.task_names, every=given is not None)
        return dict.fromkeys(self.task_names, given)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return self.total_loss(y, y_pred, sample_weight, training=training)

    def total_loss(self, y, y_pred, sample_weight=None, *, training, gradient_norms=None):
        """The replica's share of the scalar to minimize.

        Moves the state of the weighting on if `training`.
        """
        means = ops.stack(self.losses_to_balance(y, y_pred, sample_weight))
        floors = np.array([loss.floor for loss in self.task_losses.values()], "float32")
        return weighted_loss(self, means, floors, gradient_norms, training=training)

    def train_step(self, *args):
        if self.loss_combiner.scheme.needs_gradient_norms:
            return gradient_norms.train_step(self, *args)
        return super().train_step(*args)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        for tracker, (per_answer, weights) in zip(
            self.loss_trackers, self._losses_and_weights(y, y_pred, sample_weight), strict=True
        ):
            tracker.update_state(per_answer, weights)
        labels = by_name("y", y, self.task_names, every=True)
        sample_weights = self._sample_weights(sample_weight) or None
        return super().compute_metrics(x, labels, y_pred, sample_weights)

    def get_config(self):
        return {
            **super().get_config(),
            "keras_model": keras.saving.serialize_keras_object(self.keras_model),
        }

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "keras_model": deserialize(config["keras_model"])})

    def get_compile_config(self):
        if not self.compiled:
            return None
        parts = {
            "optimizer": self.optimizer,
            "weighting": self.loss_combiner.scheme,
            **self.compile_arguments(),
        }
        return {name: keras.saving.serialize_keras_object(part) for name, part in parts.items()}

    def compile_from_config(self, config):
        self.compile(**{name: deserialize(value) for name, value in config.items()})


def _for_tasks(weighting):
    """The scheme; an AdaLoss given by name has no share of constant weights.

    That share keeps a loss from being weighted down by more than 1 / gamma. The losses of exits
    have one scale, and it helps them; those of tasks may differ by any factor.
    """
    scheme = losses.get(weighting)
    if isinstance(weighting, str) and isinstance(scheme, losses.AdaLoss):
        return type(scheme)(gamma=0.0)
    return scheme


def _require_balance(scheme):
    """The scheme, unless it weighs by depth."""
    if isinstance(scheme, losses.StaticScheme) and not isinstance(scheme, losses.Const):
        balancing = [
            name
            for name, one in losses.schemes().items()
            if not issubclass(one, losses.StaticScheme) or one is losses.Const
        ]
        raise ValueError(
            f"outputs have no depth to be weighted by: weighting must be one of {balancing}. "
            f"Received: weighting={type(scheme).__name__}"
        )
    return scheme
