"""The average of the probabilities of several classifiers."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="ann")
class MeanProbabilities(keras.layers.Layer):
    """Adds one more classifier to an average of class probabilities.

    Args:
        count: number of classifiers in the average, including the new one. At least 2.

    Input: the logits of the average of `count - 1` classifiers and the logits of the new one, each
        `(batch, num_classes)`.
    Output: logits `(batch, num_classes)` of the average of all classifiers. They are the logarithms
        of its probabilities.

    Raises:
        ValueError: `count` is less than 2.

    Example:
        >>> logits = MeanProbabilities(2)([np.log([[0.5, 0.5]]), np.log([[0.9, 0.1]])])
        >>> np.exp(logits).round(3)
        array([[0.7, 0.3]], dtype=float32)
    """

    def __init__(self, count, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        if count < 2:
            raise ValueError(f"an average needs at least 2 classifiers. Received: count={count}")
        self.count = count

    def call(self, inputs):
        average, new = (ops.log_softmax(logits) for logits in inputs)
        return ops.logaddexp(average + math.log(1 - 1 / self.count), new - math.log(self.count))

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return {**super().get_config(), "count": self.count}
