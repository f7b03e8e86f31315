"""The chain: segments with a head after each, as one Keras model.

state_0 = input;   state_k = segment_k(state_{k-1});   logits_k = head_k(state_k)
"""

import keras
from keras import ops

from ann import keras_private, losses
from ann.exits import exit_names
from ann.losses import LossCombiner, exit_cross_entropies
from ann.losses.cross_entropy import is_one_hot, wrong_predictions
from ann.losses.replicas import num_replicas
from ann.metrics import AnytimeMetric
from ann.models import gradient_norms
from ann.models.progress import AnytimeProgbar

TRAINING_MODES = ("joint", "no_grad", "heads")
# Of `keras.Model.compile`; saved with the model as they were given.
COMPILE_OPTIONS = ("run_eagerly", "steps_per_execution", "jit_compile", "auto_scale_loss")


@keras.saving.register_keras_serializable(package="ann")
class MultiExitModel(keras_private.ResultsInOrder, keras.Model):
    """An anytime network.

    Called on a batch it gives the list of logits, shallow to deep, each float32 `(batch,
    num_classes)`. It is compiled with a weighting scheme in place of a loss and otherwise used as
    any Keras model; labels are class indices or one-hot.

    Args:
        segments: models or layers, state in, state out; a state is any structure of tensors.
        heads: models or layers, state in, logits out; one for each segment.
        input_shape: shape of one input, without the batch, for example `(32, 32, 3)`.

    Attributes:
        segments, heads: the links of the chain, usable on their own.
        num_exits, num_classes: integers.
        exit_names: `exit_00`, ...
        loss_combiner: the layer holding the weighting's state, once compiled.

    Raises:
        ValueError: no segment, a different number of heads, heads that disagree on the number of
            classes, or a single class.

    Example:
        >>> model = models.build("resann-n1-c4", num_classes=10)
        >>> [tuple(logits.shape) for logits in model(keras.ops.zeros((2, 32, 32, 3)))]
        [(2, 10), (2, 10), (2, 10)]
        >>> model.compile(optimizer="sgd", weighting="adaloss")
    """

    def __init__(self, segments, heads, input_shape, **kwargs):
        super().__init__(**kwargs)
        if not segments or len(segments) != len(heads):
            raise ValueError(
                "an anytime network needs one head for each of its segments, at least one. "
                f"Received: {len(segments)} segments, {len(heads)} heads"
            )
        self.training_mode = "joint"
        self.segments = list(segments)
        self.heads = list(heads)
        self.num_exits = len(self.heads)
        self.exit_names = exit_names(self.num_exits)
        self.sample_shape = tuple(input_shape)
        self.anytime_metric = AnytimeMetric(self.exit_names)
        widths = {logits.shape[-1] for logits in self(keras.Input(self.sample_shape))}
        if len(widths) != 1:
            raise ValueError(
                f"all heads must give the same number of classes. Received: {sorted(widths)}"
            )
        self.num_classes = widths.pop()
        if self.num_classes < 2:
            raise ValueError(
                f"num_classes must be at least 2. Received: num_classes={self.num_classes}"
            )

    def call(self, inputs, training=None):
        state, logits = inputs, []
        frozen = self.training_mode == "heads"
        for segment, head in zip(self.segments, self.heads, strict=True):
            state = segment(state, training=False if frozen else training)
            logits.append(head(state, training=training))
            if self.training_mode == "no_grad":
                state = keras.tree.map_structure(ops.stop_gradient, state)
        return logits

    def compile(
        self, optimizer="sgd", weighting="const", sampler=None, training_mode="joint", **kwargs
    ):
        """Configures training.

        Args:
            optimizer: name or Keras optimizer.
            weighting: name or `ann.losses.Scheme`, how the exits' cross-entropies are combined.
            sampler: name or `ann.losses.Sampler`, which exit weighs more at each step; default
                none.
            training_mode: "joint"; "no_grad" stops gradients between segments, so that each exit is
                trained greedily on the features before it (002 section 4.2); "heads" trains the
                heads alone; the segments compute as in inference, and their layers' `trainable`
                stays as it is.
            **kwargs: `run_eagerly`, `steps_per_execution`, `jit_compile`, `auto_scale_loss` of
                `keras.Model.compile`.

        Raises:
            ValueError: an unknown name, or a `loss`, `metrics` or `weighted_metrics` of Keras.
            NotImplementedError: the weighting needs another backend.
        """
        for name in ("loss", "metrics", "loss_weights", "weighted_metrics"):
            if kwargs.get(name) is not None:
                raise ValueError(
                    "an anytime network is compiled with a weighting: the loss of each exit is its "
                    "cross-entropy, loss and error of each are measured. "
                    f"Received: {name}={kwargs[name]!r}"
                )
        if training_mode not in TRAINING_MODES:
            raise ValueError(
                f"training_mode must be one of {TRAINING_MODES}. "
                f"Received: training_mode={training_mode!r}"
            )
        scheme = losses.get(weighting)
        if scheme.needs_gradient_norms:
            gradient_norms.require_backend(scheme)
        self.training_mode = training_mode
        combiner = LossCombiner(
            scheme, self.num_exits, losses.get_sampler(sampler), name="loss_combiner"
        )
        keras_private.replace_sublayer(self, "loss_combiner", combiner)
        self.compile_options = {name: kwargs[name] for name in COMPILE_OPTIONS if name in kwargs}
        super().compile(optimizer=optimizer, loss=None, metrics=None, **kwargs)
        # A first step that had to create the optimizer's variables would be traced twice.
        if not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)

    @property
    def trainable_variables(self):
        """The variables that training changes: all trainable ones, or in the mode "heads" those of
        the heads and of a learned weighting.
        """
        if self.training_mode != "heads":
            return super().trainable_variables
        links = [*self.heads, *filter(None, [getattr(self, "loss_combiner", None)])]
        return [variable for link in links for variable in link.trainable_variables]

    @property
    def trainable_weights(self):
        """As `trainable_variables`."""
        return self.trainable_variables

    @property
    def non_trainable_variables(self):
        """All other variables."""
        trained = {id(variable) for variable in self.trainable_variables}
        return [variable for variable in self.variables if id(variable) not in trained]

    @property
    def non_trainable_weights(self):
        """All other weights."""
        trained = {id(variable) for variable in self.trainable_variables}
        return [weight for weight in self.weights if id(weight) not in trained]

    @property
    def metrics_names(self):
        """Names of the numbers that `evaluate` returns as a list, in its order."""
        return ["loss", *self.anytime_metric.result_names]

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return self.total_loss(y, y_pred, sample_weight, training=training)

    def total_loss(self, y, y_pred, sample_weight=None, *, training, gradient_norms=None):
        """The replica's share of the scalar to minimize.

        Moves the state of the weighting on if `training`.
        """
        _check_labels(y, self.num_classes)
        per_sample = exit_cross_entropies(y, y_pred)
        if sample_weight is not None:
            per_sample = per_sample * ops.cast(ops.reshape(sample_weight, (-1,)), per_sample.dtype)
        total = self.loss_combiner(ops.mean(per_sample, axis=1), gradient_norms, training=training)
        if self.losses:
            total = total + ops.sum(ops.stack(self.losses))
        # Gradients are summed over replicas, so each contributes its share of the mean, as Keras's
        # own losses do.
        return total / num_replicas()

    def train_step(self, *args):
        if self.loss_combiner.scheme.needs_gradient_norms:
            return gradient_norms.train_step(self, *args)
        return super().train_step(*args)

    def up_to(self, exit: int) -> "MultiExitModel":
        """The network that ends at an exit: the same links, not compiled.

        Keras warns when it trains the finer scales of MSDNet's last segment there: only later exits
        need them.

        Args:
            exit: 0-based index of the exit; negative counts from the last.

        Raises:
            ValueError: `exit` is not one of the exits.

        Example:
            >>> models.build("resann-n1-c4", num_classes=10).up_to(1).num_exits
            2
        """
        if not -self.num_exits <= exit < self.num_exits:
            raise ValueError(
                f"`exit` must be one of the exits 0..{self.num_exits - 1} or -1. "
                f"Received: exit={exit}"
            )
        count = exit % self.num_exits + 1
        return MultiExitModel(self.segments[:count], self.heads[:count], self.sample_shape)

    def set_feature_weights(self, other) -> None:
        """Takes the weights of the segments of a model of the same architecture.

        The heads keep theirs.
        """
        for mine, theirs in zip(self.segments, other.segments, strict=True):
            mine.set_weights(theirs.get_weights())

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        if sample_weight is not None:
            sample_weight = ops.reshape(sample_weight, (-1,))
        self.anytime_metric.update_state(
            exit_cross_entropies(y, y_pred), wrong_predictions(y, y_pred), sample_weight
        )
        return self.get_metrics_result()

    def fit(self, *args, verbose="auto", callbacks=None, **kwargs):
        """`keras.Model.fit`, with a progress bar that shows the summary.

        History and logs hold the values of every exit. Callbacks that monitor one of them need no
        `mode`: for each of them lower is better.
        """
        callbacks = _with_progbar(callbacks)
        if isinstance(callbacks, list):
            self._set_modes(callbacks)
        return super().fit(*args, verbose=verbose, callbacks=callbacks, **kwargs)

    def _set_modes(self, callbacks):
        for callback in callbacks:
            monitor = getattr(callback, "monitor", "")
            if monitor.removeprefix("val_") in self.metrics_names and callback.mode == "auto":
                callback.mode = "min"

    def evaluate(self, *args, verbose="auto", callbacks=None, **kwargs):
        """`keras.Model.evaluate`, with the progress bar of `fit`."""
        return super().evaluate(
            *args, verbose=verbose, callbacks=_with_progbar(callbacks), **kwargs
        )

    def get_config(self):
        return {
            **super().get_config(),
            "segments": [keras.saving.serialize_keras_object(segment) for segment in self.segments],
            "heads": [keras.saving.serialize_keras_object(head) for head in self.heads],
            "input_shape": self.sample_shape,
        }

    @classmethod
    def from_config(cls, config):
        links = {
            key: [keras.saving.deserialize_keras_object(link) for link in config[key]]
            for key in ("segments", "heads")
        }
        return cls(**{**config, **links})

    def get_compile_config(self):
        if not self.compiled:
            return None
        return {
            "optimizer": keras.saving.serialize_keras_object(self.optimizer),
            "weighting": keras.saving.serialize_keras_object(self.loss_combiner.scheme),
            "sampler": keras.saving.serialize_keras_object(self.loss_combiner.sampler),
            "training_mode": self.training_mode,
            **self.compile_options,
        }

    def compile_from_config(self, config):
        self.compile(
            **{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()}
        )


def _check_labels(labels, num_classes):
    """Refuses class indices that are not integers: Keras would cut 0.7 to 0."""
    dtype = keras.backend.standardize_dtype(labels.dtype)
    if "float" in dtype and not is_one_hot(labels, num_classes):
        raise ValueError(
            "labels that are class indices must be integers. "
            f"Received: labels of dtype {dtype} and shape {tuple(labels.shape)}"
        )


def _with_progbar(callbacks):
    if isinstance(callbacks, keras.callbacks.CallbackList):  # `fit` evaluating: it has its bar
        return callbacks
    given = [callbacks] if isinstance(callbacks, keras.callbacks.Callback) else callbacks or []
    return [*given, AnytimeProgbar()]
