"""The chain: segments with a head after each, as one Keras model.

state_0 = input;   state_k = segment_k(state_{k-1});   logits_k = head_k(state_k)
"""

import keras
from keras import ops

from ann import keras_private, losses
from ann.exits import exit_names
from ann.layers import scale_gradient
from ann.losses import LossCombiner
from ann.metrics import AnytimeMetric
from ann.models import gradient_norms
from ann.models.compile_options import compile_options
from ann.models.exit_losses import ExitLosses, only_known
from ann.models.exit_metrics import ExitMetrics
from ann.models.presets import save_to_preset
from ann.models.progress import AnytimeProgbar
from ann.models.remat import rematerialized
from ann.models.sample_inputs import sample_inputs
from ann.models.saved_links import deserialize
from ann.models.weighted_loss import weighted_loss

TRAINING_MODES = ("joint", "no_grad", "equilibrium", "heads", "last")


@keras.saving.register_keras_serializable(package="ann")
class MultiExitModel(keras_private.ResultsInOrder, keras.Model):
    """An anytime network.

    Called on a batch it gives the list of logits, shallow to deep, each float32 `(batch,
    num_classes)`, or `(batch, ..., num_classes)` where it answers for each position. It is compiled
    with a weighting scheme besides the loss, and otherwise used as any Keras model. Labels are as
    the loss wants them, by default class indices or one-hot.

    Args:
        segments: models or layers, state in, state out; a state is any structure of tensors.
        heads: models or layers, state in, logits out; one for each segment.
        input_shape: shape of one input, without the batch, for example `(32, 32, 3)`; a structure
            of shapes for several inputs.

    Attributes:
        segments, heads: the links of the chain, usable on their own.
        num_exits, num_classes: integers.
        sample_shape: `input_shape` as given.
        logits_shape: `(None, num_classes)`, or `(None, ..., num_classes)`.
        exit_names: `exit_00`, ...
        loss_combiner: the layer holding the weighting's state, once compiled.
        rematerialize: whether training keeps the state at each exit only, and computes the segments
            a second time for their gradients; to be set before the first step. Not saved.

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
        self.rematerialize = False
        self.segments = list(segments)
        self.heads = list(heads)
        self.num_exits = len(self.heads)
        self.exit_names = exit_names(self.num_exits)
        self.sample_shape = keras.tree.map_shape_structure(tuple, input_shape)
        self.anytime_metric = AnytimeMetric(self.exit_names)
        shapes = {tuple(logits.shape) for logits in self(sample_inputs(self))}
        if len(shapes) != 1:
            widths = sorted({shape[-1] for shape in shapes})
            what, received = "number of classes", widths
            if len(widths) == 1:
                what, received = "positions", sorted(shapes, key=str)
            raise ValueError(f"all heads must give the same {what}. Received: {received}")
        self.logits_shape = shapes.pop()
        self.num_classes = self.logits_shape[-1]

    def call(self, inputs, training=None):
        state, logits = inputs, []
        frozen = self.training_mode == "heads"
        balanced = self.training_mode == "equilibrium"
        for index, (segment, head) in enumerate(zip(self.segments, self.heads, strict=True)):
            later = self.num_exits - index - 1
            done = self.training_mode == "last" and later > 0
            learns = False if frozen or done else training
            if self.rematerialize and learns:
                state = rematerialized(segment)(state)
            else:
                state = segment(state, training=learns)
            if balanced:
                state = scale_gradient(state, 1 / (later + 1))
            logits.append(head(state, training=False if done else training))
            if balanced:
                state = scale_gradient(state, later)
            if self.training_mode == "no_grad":
                state = keras.tree.map_structure(ops.stop_gradient, state)
        return logits

    def compute_output_spec(self, inputs, training=None):
        """Shapes and types of the logits as the links state them.

        Keras would trace the network as a whole, which takes as long as building it, and where
        layers may not know sizes that the links can tell.
        """
        state, logits = inputs, []
        for segment, head in zip(self.segments, self.heads, strict=True):
            state = segment.compute_output_spec(state)
            logits.append(head.compute_output_spec(state))
        return logits

    def compile(
        self,
        optimizer="sgd",
        loss=None,
        metrics=None,
        weighting="const",
        sampler=None,
        training_mode="joint",
        targets=None,
        **kwargs,
    ):
        """Configures training.

        Args:
            optimizer: name or Keras optimizer.
            loss: of each exit, from labels and logits: name, function or Keras loss with
                `from_logits=True`; default the cross-entropy of classes. A loss that cannot fall
                below some `floor` (label smoothing) is weighted by what is above it.
            metrics: list of names, functions or Keras metrics of labels and logits, measured at
                each exit and named `exit_00_<name>`, ... in the logs.
            weighting: name or `ann.losses.Scheme`, how the losses of the exits are combined.
            sampler: name or `ann.losses.Sampler`, which exit weighs more at each step; default
                none.
            training_mode: "joint"; "no_grad" stops gradients between segments, so that each exit is
                trained greedily on the features before it (002 section 4.2); "equilibrium" scales
                the gradient that each segment gets from its head by 1 / n, and from the later
                segments by (n - 1) / n, where n is the number of exits from there on (Li et al.
                2019, section 3.1); "heads" trains the heads alone; the segments compute as in
                inference, and their layers' `trainable` stays as it is; "last" trains the last
                segment and its head alone, and all before them compute as in inference.
            targets: `ann.losses.Targets`: smoothed labels, distillation from the final exit;
                default the labels as they are.
            **kwargs: `run_eagerly`, `steps_per_execution`, `jit_compile`, `auto_scale_loss` of
                `keras.Model.compile`.

        Raises:
            ValueError: an unknown name, a loss or metric that reads probabilities, one class,
                `targets` beside a `loss`, the weighting "opt" with "equilibrium", distillation or a
                sampler, which need several exits that are trained, "equilibrium" with one exit, or
                a weighting that needs gradients of the first segment where there are none.
            NotImplementedError: the weighting needs another backend.
        """
        options = compile_options(kwargs, "exits")
        if training_mode not in TRAINING_MODES:
            raise ValueError(
                f"training_mode must be one of {TRAINING_MODES}. "
                f"Received: training_mode={training_mode!r}"
            )
        scheme = losses.get(weighting)
        if scheme.needs_gradient_norms:
            gradient_norms.require_backend(scheme)
            gradient_norms.require_gradients(scheme, self.segments[0], training_mode)
        if isinstance(scheme, losses.Opt):
            _require_one_exit_is_enough(training_mode, targets, sampler)
        if training_mode == "equilibrium" and self.num_exits == 1:
            raise ValueError(
                "equilibrium balances the gradients of several exits; this model has one. "
                f"Received: training_mode={training_mode!r}"
            )
        exit_losses = ExitLosses(loss, self.logits_shape)
        exit_metrics = ExitMetrics(self.exit_names, exit_losses, metrics)
        self.training_mode = training_mode
        self.exit_losses = exit_losses
        self.targets = self._targets(targets, loss)
        keras_private.replace_sublayer(self, "anytime_metric", exit_metrics)
        combiner = LossCombiner(
            scheme, self.num_exits, losses.get_sampler(sampler), name="loss_combiner"
        )
        keras_private.replace_sublayer(self, "loss_combiner", combiner)
        self.compile_options = options
        super().compile(optimizer=optimizer, loss=None, metrics=None, **kwargs)
        # A first step that had to create the optimizer's variables would be traced twice.
        if not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)

    @property
    def trainable_variables(self):
        """The variables that training changes: all trainable ones, or in the modes "heads" and
        "last" those of the heads, or of the last segment and its head, and of a learned weighting.
        """
        if self.training_mode not in ("heads", "last"):
            return super().trainable_variables
        trained = (
            self.heads if self.training_mode == "heads" else [self.segments[-1], self.heads[-1]]
        )
        links = [*trained, *filter(None, [getattr(self, "loss_combiner", None)])]
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
    def input_shape(self):
        """Shape of a batch, `(None, *sample_shape)`, as functional models have it; a structure of
        shapes for several inputs.
        """
        return keras.tree.map_shape_structure(lambda shape: (None, *shape), self.sample_shape)

    @property
    def metrics_names(self):
        """Names of the numbers that `evaluate` returns as a list, in its order."""
        return ["loss", *self.anytime_metric.result_names]

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return self.total_loss(y, y_pred, sample_weight, training=training)

    def _targets(self, targets, loss):
        """What the exits are trained towards; None where the loss alone says it."""
        class_answers = loss is None and len(self.logits_shape) == 2 and self.num_classes > 1
        if targets is not None and not class_answers:
            raise ValueError(
                "`targets` needs the default loss, and one answer of several classes per sample. "
                f"Received: targets={targets}, loss={loss!r}, logits of {self.logits_shape}"
            )
        if not class_answers:
            return None
        targets = losses.Targets() if targets is None else targets
        targets.check(self.num_exits)
        return targets

    def training_losses(self, y, y_pred):
        """Loss of each exit and answer in training: float32 `(num_exits, answers)`."""
        if self.targets is None:
            return self.exit_losses.per_answer(y, y_pred)
        self.exit_losses.require_labels(y, y_pred[0])
        return only_known(y, self.targets.losses(y, y_pred))

    def total_loss(self, y, y_pred, sample_weight=None, *, training, gradient_norms=None):
        """The replica's share of the scalar to minimize.

        Moves the state of the weighting on if `training`.
        """
        means = self._mean_losses(y, y_pred, sample_weight, training)
        return weighted_loss(self, means, self.exit_losses.floor, gradient_norms, training=training)

    def _mean_losses(self, y, y_pred, sample_weight, training):
        """Mean loss of each exit: float32 `(num_exits,)`."""
        per_answer = (self.training_losses if training else self.exit_losses.per_answer)(y, y_pred)
        weights = self.exit_losses.weights(sample_weight, per_answer, y_pred)
        return ops.mean(per_answer if weights is None else per_answer * weights, axis=1)

    def losses_to_balance(self, y, y_pred, sample_weight=None) -> list:
        """Scalar loss of each exit in training, which gradient norms are taken of."""
        means = self._mean_losses(y, y_pred, sample_weight, training=True)
        return [means[index] for index in range(self.num_exits)]

    @property
    def shared_variables(self):
        """The trainable variables that all exits depend on, which gradient norms are taken for."""
        return self.segments[0].trainable_variables

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
                f"`exit` must be one of the exits 0..{self.num_exits - 1}, or negative to "
                f"count from the last. Received: exit={exit}"
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
        self.anytime_metric.update(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def fit(self, *args, verbose="auto", callbacks=None, **kwargs):
        """`keras.Model.fit`, with a progress bar that shows the summary.

        History and logs hold the values of every exit. Callbacks that monitor a loss or an error of
        them need no `mode`: lower is better.
        """
        if self.compiled:
            self.exit_losses.require_values(args[1] if len(args) > 1 else kwargs.get("y"))
        callbacks = _with_progbar(callbacks)
        if isinstance(callbacks, list):
            self._set_modes(callbacks)
        try:
            return super().fit(*args, verbose=verbose, callbacks=callbacks, **kwargs)
        except Exception as error:
            refusal = self.exit_losses.refusal(error) if self.compiled else None
            if refusal:
                raise ValueError(refusal) from None
            raise

    def _set_modes(self, callbacks):
        for callback in callbacks:
            monitor = getattr(callback, "monitor", "").removeprefix("val_")
            lower_is_better = monitor.endswith(("loss", "error"))
            if monitor in self.metrics_names and lower_is_better and callback.mode == "auto":
                callback.mode = "min"

    def evaluate(self, *args, verbose="auto", callbacks=None, **kwargs):
        """`keras.Model.evaluate`, with the progress bar of `fit`."""
        return super().evaluate(
            *args, verbose=verbose, callbacks=_with_progbar(callbacks), **kwargs
        )

    def save_to_preset(self, folder, **facts) -> None:
        """Writes the network as a preset; see `ann.models.presets.save_to_preset`.

        Example:
            >>> models.build("resann-n1-c4").save_to_preset(tmp_path / "preset", weights="float32")
        """
        save_to_preset(self, folder, **facts)

    def get_config(self):
        return {
            **super().get_config(),
            "segments": [keras.saving.serialize_keras_object(segment) for segment in self.segments],
            "heads": [keras.saving.serialize_keras_object(head) for head in self.heads],
            "input_shape": self.sample_shape,
        }

    @classmethod
    def from_config(cls, config):
        links = {key: [deserialize(link) for link in config[key]] for key in ("segments", "heads")}
        return cls(**{**config, **links})

    def get_compile_config(self):
        if not self.compiled:
            return None
        return {
            "optimizer": keras.saving.serialize_keras_object(self.optimizer),
            "loss": keras.saving.serialize_keras_object(self.exit_losses.given),
            "metrics": [
                keras.saving.serialize_keras_object(one) for one in self.anytime_metric.given()
            ],
            "weighting": keras.saving.serialize_keras_object(self.loss_combiner.scheme),
            "sampler": keras.saving.serialize_keras_object(self.loss_combiner.sampler),
            "training_mode": self.training_mode,
            "targets": keras.saving.serialize_keras_object(self.targets),
            **self.compile_options,
        }

    def compile_from_config(self, config):
        self.compile(**{name: deserialize(value) for name, value in config.items()})


def _require_one_exit_is_enough(training_mode, targets, sampler):
    if sampler is not None:
        raise ValueError(
            "a sampler draws one of several exits that are trained; opt trains one exit only. "
            f"Received: sampler={sampler!r}"
        )
    if training_mode == "equilibrium" or (targets is not None and targets.distillation):
        raise ValueError(
            "equilibrium and distillation need several exits that are trained; opt trains one "
            f"exit only. Received: training_mode={training_mode!r}, targets={targets}"
        )


def _with_progbar(callbacks):
    if isinstance(callbacks, keras.callbacks.CallbackList):  # `fit` evaluating: it has its bar
        return callbacks
    given = [callbacks] if isinstance(callbacks, keras.callbacks.Callback) else callbacks or []
    return [*given, AnytimeProgbar()]
