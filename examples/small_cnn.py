"""A network as somebody writes it who knows plain Keras and nothing of this project."""

import keras
from keras import layers


def small_cnn(input_shape, num_classes: int, *, units: int, width: int) -> keras.Model:
    """A pre-activation residual network with a softmax at its end.

    Args:
        input_shape: `(height, width, channels)`.
        num_classes: width of the softmax.
        units: residual units in each of the 3 stages.
        width: channels of the first stage, doubled from stage to stage.
    """
    inputs = keras.Input(input_shape)
    x = layers.Conv2D(width, 3, padding="same", use_bias=False, name="stem")(inputs)
    for index in range(3 * units):
        filters, stride = width * 2 ** (index // units), 2 if index in (units, 2 * units) else 1
        name = f"unit_{index}"
        shortcut, y = x, _activated(x, f"{name}_1")
        if stride == 2:
            shortcut = layers.Conv2D(
                filters, 1, strides=2, use_bias=False, name=f"{name}_shortcut"
            )(y)
        y = layers.Conv2D(
            filters, 3, strides=stride, padding="same", use_bias=False, name=f"{name}_conv1"
        )(y)
        y = _activated(y, f"{name}_2")
        y = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"{name}_conv2")(y)
        x = layers.Add(name=f"{name}_add")([shortcut, y])
    x = layers.GlobalAveragePooling2D(name="pool")(_activated(x, "final"))
    return keras.Model(
        inputs,
        layers.Dense(num_classes, activation="softmax", name="classifier")(x),
        name="small_cnn",
    )


def _activated(x, name):
    return layers.ReLU(name=f"{name}_relu")(layers.BatchNormalization(name=f"{name}_bn")(x))
