"""A mask as a tensor of its own, and back."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="ann")
class WithMask(keras.layers.Layer):
    """Gives a tensor the mask (in Keras's sense) that came as a tensor beside it.

    Keras passes masks along hidden in its tensors; where a network is cut into parts that run on
    their own they must be seen.

    Args:
        at_work: False gives the mask only while a model is built, so that layers behind know of it:
            as Keras itself does behind an attention layer, which takes the mask off its input when
            it runs.

    Input shape: list of a tensor and its mask, bool. Output shape: that of the tensor.

    Example:
        >>> x, mask = keras.ops.convert_to_tensor([[[1.0], [3.0]]]), keras.ops.convert_to_tensor([[True, False]])
        >>> keras.layers.GlobalAveragePooling1D()(WithMask()([x, mask])).numpy()
        array([[1.]], dtype=float32)
    """

    def __init__(self, at_work=True, **kwargs):
        super().__init__(**kwargs)
        self.at_work = at_work

    def call(self, inputs):
        return ops.copy(
            inputs[0]
        )  # Keras puts the mask on what is returned: not on the tensor given

    def compute_mask(self, inputs, previous_mask=None):
        return inputs[1] if self.at_work or isinstance(inputs[0], keras.KerasTensor) else None

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return {**super().get_config(), "at_work": self.at_work}
