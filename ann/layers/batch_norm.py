"""Batch normalisation through TensorFlow's fused kernel.

Keras 3 computes the moments and the normalisation op by op; the fused kernel does it in two passes
over the feature map and keeps bfloat16 maps in bfloat16. A residual network on the CPU trains 1.5
to 4 times as fast with it (benchmarks/train_step.py).
"""

import math

import keras
from keras import ops

# Channels in a vector of the CPU's bfloat16 kernel. With maps that do not fill whole vectors it is
# several times slower than the one for float32.
_VECTOR = 16


@keras.saving.register_keras_serializable(package="ann")
class BatchNormalization(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization`, computed by TensorFlow's fused kernel where that serves.

    Same arguments, weights, configuration and results as Keras's layer. The fused kernel serves 4-D
    channels-last inputs in float32, float16 or bfloat16 on the TensorFlow backend, without mask,
    renorm or synchronisation; everything else runs Keras's own code.

    Input shape: any with the channels at `axis`. Output shape: that of the input, in the layer's
    compute dtype.
    """

    def call(self, inputs, training=None, mask=None):
        if not self._fused_serves(inputs, mask):
            return super().call(inputs, training=training, mask=mask)
        if training and self.trainable:
            return self._normalize_batch(inputs)
        return self._normalize_by_moving_statistics(inputs)

    def _fused_serves(self, inputs, mask) -> bool:
        return (
            keras.config.backend() == "tensorflow"
            and not isinstance(inputs, keras.KerasTensor)
            and mask is None
            and not (self.renorm or self.synchronized)
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
        # Each position is on its own here, so that as many as fill whole vectors can be put side by
        # side.
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
        # The kernel returns the unbiased variance (n / (n - 1)); Keras's moving variance averages
        # the biased one.
        n = ops.cast(ops.prod(ops.shape(inputs)[:-1]), variance.dtype)
        variance = variance * (n - 1) / n
        for average, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            average.assign(
                average * self.momentum + ops.cast(value, average.dtype) * (1 - self.momentum)
            )
        return outputs

    def _scale_and_offset(self, inputs):
        channels = inputs.shape[-1]
        return self.gamma.value if self.scale else ops.ones(
            channels
        ), self.beta.value if self.center else ops.zeros(channels)

    def _kernel(self, inputs, scale, offset, mean, variance, *, training):
        import tensorflow as tf  # only this backend reaches this line

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


def _is_bfloat16(tensor):
    return keras.backend.standardize_dtype(tensor.dtype) == "bfloat16"
