"""Attaches a mask, given as a tensor, to another tensor."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="ann")
class WithMask(keras.layers.Layer):
    """Attaches a mask (in Keras's sense), given as a separate tensor, to a tensor.

    Keras hides masks inside its tensors. Where a network is cut into parts that run separately, the
    masks have to be passed as tensors of their own.

    Args:
        at_work: False attaches the mask only while a model is built, so that the following layers
            know about it. Keras does the same after an attention layer, which removes the mask from
            its input when it runs.

    Input shape: list of a tensor and its mask, bool. Output shape: that of the tensor.

    Example:
        >>> x = keras.ops.convert_to_tensor([[[1.0], [3.0]]])
        >>> mask = keras.ops.convert_to_tensor([[True, False]])
        >>> keras.layers.GlobalAveragePooling1D()(WithMask()([x, mask])).numpy()
        array([[1.]], dtype=float32)
    """

    def __init__(self, at_work=True, **kwargs):
        super().__init__(**kwargs)
        self.at_work = at_work

    def call(self, inputs):
        # Keras puts the mask on the tensor that is returned, which must not be the input itself.
        return ops.copy(inputs[0])

    def compute_mask(self, inputs, previous_mask=None):
        return inputs[1] if self.at_work or isinstance(inputs[0], keras.KerasTensor) else None

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return {**super().get_config(), "at_work": self.at_work}
