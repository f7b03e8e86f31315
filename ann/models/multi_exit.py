"""The chain: segments with a head after each, as one Keras model.

state_0 = input;   state_k = segment_k(state_{k-1});   logits_k = head_k(state_k)
"""

import keras
from keras import ops

from ann import losses
from ann.exits import exit_names
from ann.losses import LossCombiner, exit_cross_entropies
from ann.losses.cross_entropy import wrong_predictions
from ann.losses.replicas import num_replicas
from ann.metrics import AnytimeMetric
from ann.models import gradient_norms
from ann.models.progress import AnytimeProgbar
from ann.models.sample_inputs import sample_inputs
from ann.models.saved_links import deserialize

TRAINING_MODES = ("joint", "no_grad", "heads")


@keras.saving.register_keras_serializable(package="ann")
class MultiExitModel(keras.Model):
    """An anytime network.

    Called on a batch it gives the list of logits, shallow to deep, each float32 `(batch,
    num_classes)`. It is compiled with a weighting scheme in place of a loss and otherwise used as
    any Keras model; labels are class indices or one-hot.

    Args:
        segments: models or layers, state in, state out; a state is any structure of tensors.
        heads: models or layers, state in, logits out; one for each segment.
        input_shape: shape of one input, without the batch, for example `(32, 32, 3)`; a structure
            of shapes for several inputs.

    Attributes:
        segments, heads: the links of the chain, usable on their own.
        num_exits, num_classes: integers.
        exit_names: `exit_00`, ...
        loss_combiner: the layer holding the weighting's state, once compiled.

    Raises:
        ValueError: no segment, a different number of heads, or heads that disagree on the number of
            classes.

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
        self.sample_shape = keras.tree.map_shape_structure(tuple, input_shape)
        self.anytime_metric = AnytimeMetric(self.exit_names)
        shapes = {tuple(logits.shape) for logits in self(sample_inputs(self))}
        if len(shapes) != 1:
            raise ValueError(
                f"all heads must give the same number of classes. Received: {sorted(shapes, key=str)}"
            )
        self.num_classes = shapes.pop()[-1]

    def call(self, inputs, training=None):
        state, logits = inputs, []
        for segment, head in zip(self.segments, self.heads, strict=True):
            state = segment(state, training=training)
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
                heads alone, on frozen segments.
            **kwargs: `run_eagerly`, `steps_per_execution`, `jit_compile`, `auto_scale_loss` of
                `keras.Model.compile`.

        Raises:
            ValueError: an unknown name, or a `loss` or `metrics` of Keras.
            NotImplementedError: the weighting needs another backend.
        """
        for name in ("loss", "metrics", "loss_weights"):
            if kwargs.get(name) is not None:
                raise ValueError(
                    "an anytime network is compiled with a weighting: the loss of each exit is its cross-entropy, loss and "
                    f"error of each are measured. Received: {name}={kwargs[name]!r}"
                )
        if training_mode not in TRAINING_MODES:
            raise ValueError(
                f"training_mode must be one of {TRAINING_MODES}. Received: training_mode={training_mode!r}"
            )
        scheme = losses.get(weighting)
        if scheme.needs_gradient_norms:
            gradient_norms.require_backend(scheme)
        if "heads" in (training_mode, self.training_mode):
            for segment in self.segments:
                segment.trainable = training_mode != "heads"
        self.training_mode = training_mode
        combiner = LossCombiner(
            scheme, self.num_exits, losses.get_sampler(sampler), name="loss_combiner"
        )
        self._set_loss_combiner(combiner)
        super().compile(optimizer=optimizer, loss=None, metrics=None, **kwargs)
        # A first step that had to create the optimizer's variables would be traced twice.
        if not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)

    def _set_loss_combiner(self, combiner):
        # Keras locks a built model against new sublayers; this one must be a sublayer, so that its
        # variables are trained, saved and restored with the model, and a new one at each `compile`,
        # so that the weighting starts afresh.
        self._tracker.unlock()
        self._tracker.untrack(getattr(self, "loss_combiner", None))
        self.loss_combiner = combiner
        self._tracker.lock()

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return self.total_loss(y, y_pred, sample_weight, training=training)

    def total_loss(self, y, y_pred, sample_weight=None, *, training, gradient_norms=None):
        """The replica's share of the scalar to minimise; moves the state of the weighting on if `training`."""
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
                f"`exit` must be one of the exits 0..{self.num_exits - 1} or -1. Received: exit={exit}"
            )
        count = exit % self.num_exits + 1
        return MultiExitModel(self.segments[:count], self.heads[:count], self.sample_shape)

    def set_feature_weights(self, other) -> None:
        """Takes the weights of the segments of a model of the same architecture; the heads keep theirs."""
        for mine, theirs in zip(self.segments, other.segments, strict=True):
            mine.set_weights(theirs.get_weights())

    def track_loss(self, loss, batch_size):
        """Adds a batch to the mean of `loss` in the logs."""
        self._loss_tracker.update_state(loss, sample_weight=batch_size)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        if sample_weight is not None:
            sample_weight = ops.reshape(sample_weight, (-1,))
        self.anytime_metric.update_state(
            exit_cross_entropies(y, y_pred), wrong_predictions(y, y_pred), sample_weight
        )
        return self.get_metrics_result()

    def fit(self, *args, verbose="auto", callbacks=None, **kwargs):
        """`keras.Model.fit`, with a progress bar that shows the summary; history and logs hold the values of every exit."""
        return super().fit(*args, verbose=verbose, callbacks=_with_progbar(callbacks), **kwargs)

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
            key: [deserialize(link) for link in config[key]]
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
        }

    def compile_from_config(self, config):
        self.compile(
            **{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()}
        )


def _with_progbar(callbacks):
    if isinstance(callbacks, keras.callbacks.CallbackList):  # `fit` evaluating: it has its bar
        return callbacks
    return [*(callbacks or []), AnytimeProgbar()]
