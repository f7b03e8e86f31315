"""Batch normalization with TensorFlow's fused kernel.

Keras 3 computes the moments and the normalization op by op. The fused kernel needs only two passes
over the feature map and keeps bfloat16 maps in bfloat16. With it, a residual network trains 1.5 to
4 times as fast on the CPU (benchmarks/train_step.py).
"""

import math

import keras
from keras import ops

# Channels per vector in the CPU's bfloat16 kernel. If the channels do not fill whole vectors, this
# kernel is several times slower than the float32 kernel.
_VECTOR = 16


@keras.saving.register_keras_serializable(package="ann")
class BatchNormalization(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization`, computed by TensorFlow's fused kernel where possible.

    Arguments, weights, configuration, and results are those of Keras's layer. The fused kernel
    handles 4-D channels-last inputs in float32, float16, or bfloat16 on the TensorFlow backend,
    without a mask, renorm, or statistics over several replicas. Everything else runs Keras's own
    code.

    Input shape: any, with the channels at `axis`. Output shape: that of the input, in the layer's
    compute dtype.
    """

    def call(self, inputs, training=None, mask=None):
        over_replicas = self.synchronized and training and _has_replicas()
        if over_replicas or not self._fused_serves(inputs, mask):
            return super().call(inputs, training=training, mask=mask)
        if training and self.trainable:
            return self._normalize_batch(inputs)
        return self._normalize_by_moving_statistics(inputs)

    def _fused_serves(self, inputs, mask) -> bool:
        return (
            keras.config.backend() == "tensorflow"
            and not isinstance(inputs, keras.KerasTensor)
            and mask is None
            and not self.renorm
            and len(inputs.shape) == 4
            and self.axis in (-1, 3)
            and keras.backend.standardize_dtype(inputs.dtype) in ("float32", "float16", "bfloat16")
        )

    def _normalize_by_moving_statistics(self, inputs):
        parameters = (
            *self._scale_and_offset(inputs),
            self.moving_mean.value,
            self.moving_variance.value,
        )
        # The positions are independent here, so enough of them can be put side by side to fill
        # whole vectors.
        height, width, channels = inputs.shape[1:]
        side_by_side = _VECTOR // math.gcd(_VECTOR, channels)
        if (
            not _is_bfloat16(inputs)
            or side_by_side == 1
            or None in (height, width)
            or height * width % side_by_side
        ):
            return self._kernel(inputs, *parameters, training=False)[0]
        vectors = ops.reshape(
            inputs, (-1, 1, height * width // side_by_side, channels * side_by_side)
        )
        parameters = (ops.tile(parameter, (side_by_side,)) for parameter in parameters)
        outputs = self._kernel(vectors, *parameters, training=False)[0]
        return ops.reshape(outputs, (-1, height, width, channels))

    def _normalize_batch(self, inputs):
        outputs, mean, variance = self._kernel(
            inputs, *self._scale_and_offset(inputs), (), (), training=True
        )
        # The kernel returns the unbiased variance, which is larger by n / (n - 1). Keras's moving
        # variance averages the biased one.
        n = ops.cast(ops.prod(ops.shape(inputs)[:-1]), variance.dtype)
        variance = variance * (n - 1) / n
        for average, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            average.assign(
                average * self.momentum + ops.cast(value, average.dtype) * (1 - self.momentum)
            )
        return outputs

    def _scale_and_offset(self, inputs):
        channels = inputs.shape[-1]
        scale = self.gamma.value if self.scale else ops.ones(channels)
        offset = self.beta.value if self.center else ops.zeros(channels)
        return scale, offset

    def _kernel(self, inputs, scale, offset, mean, variance, *, training):
        import tensorflow as tf  # Only the TensorFlow backend reaches this line.

        dtype = tf.float32 if _is_bfloat16(inputs) and inputs.shape[-1] % _VECTOR else inputs.dtype
        scale, offset, mean, variance = (
            tf.cast(parameter, tf.float32) for parameter in (scale, offset, mean, variance)
        )
        outputs, batch_mean, batch_variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=tf.cast(inputs, dtype),
            scale=scale,
            offset=offset,
            mean=mean,
            variance=variance,
            epsilon=self.epsilon,
            is_training=training,
        )
        return tf.cast(outputs, inputs.dtype), batch_mean, batch_variance


def synchronize(model) -> None:
    """Makes the batch normalization of a model use the statistics of the whole batch, over all
    replicas of `tf.distribute`; on one device it computes as before.

    Args:
        model: a Keras model, before its first step.

    Example:
        >>> inputs = keras.Input((2, 2, 3))
        >>> model = keras.Model(inputs, BatchNormalization()(inputs))
        >>> synchronize(model)
        >>> model.layers[1].synchronized
        True
    """
    for layer in getattr(model, "layers", ()):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True
        synchronize(layer)


def _has_replicas() -> bool:
    if keras.config.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return tf.distribute.get_strategy().num_replicas_in_sync > 1


def _is_bfloat16(tensor):
    return keras.backend.standardize_dtype(tensor.dtype) == "bfloat16"
