"""Random changes to the colors of an image."""

import tensorflow as tf

# Weights of red, green, and blue in gray (ITU-R BT.601).
_GREY = (0.299, 0.587, 0.114)
# Principal components of ILSVRC's pixels and their standard deviations, for the lighting change of
# Krizhevsky, Sutskever, and Hinton 2012. The numbers were published with the ResNets of Torch.
_COMPONENTS = ((-0.5675, 0.7192, 0.4009), (-0.5808, -0.0045, -0.8140), (-0.5836, -0.6948, 0.4203))
_DEVIATIONS = (0.2175 * 255, 0.0188 * 255, 0.0045 * 255)


def random_change(image, seed):
    """Changes brightness, contrast, saturation, and lighting by random amounts.

    The ranges are those of the authors' code (author_code.md section 3): brightness +-30, contrast
    0.8 to 1.2, saturation 0.6 to 1.4, lighting N(0, 0.1).

    Args:
        image: float32 `(height, width, 3)`, RGB, 0..255.
        seed: int `(2,)`, as in `ann.data.augment`.

    Returns:
        An image of the same shape, in 0..255.
    """
    uniform_seed, normal_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    brightness, contrast, saturation = tf.unstack(
        tf.random.stateless_uniform((3,), uniform_seed, minval=-1.0, maxval=1.0)
    )
    return change(
        image,
        brightness=30 * brightness,
        contrast=1 + 0.2 * contrast,
        saturation=1 + 0.4 * saturation,
        lighting=tf.random.stateless_normal((3,), normal_seed, stddev=0.1),
    )


def change(image, *, brightness, contrast, saturation, lighting):
    """Scales contrast and saturation, then adds brightness and lighting.

    Contrast is scaled around the image's average color, and saturation around the gray value of
    each pixel. All four changes are affine in a pixel's color, so together they are one 3x3 matrix
    and an offset. The authors' code draws a new order of the changes for each image. The order
    hardly matters: only saturation and lighting do not commute, and lighting is nearly gray.

    Args:
        image: float32 `(height, width, 3)`, RGB, 0..255.
        brightness: gray levels to add.
        contrast, saturation: factors. 1 changes nothing.
        lighting: `(3,)`, how many standard deviations of each principal component to add.

    Returns:
        An image of the same shape, in 0..255.
    """
    saturate = saturation * tf.eye(3) + (1 - saturation) * tf.constant(_GREY)[:, None]
    light = tf.linalg.matvec(tf.constant(_COMPONENTS), lighting * tf.constant(_DEVIATIONS))
    average = tf.reduce_mean(image, axis=(0, 1))
    offset = (
        (1 - contrast) * tf.linalg.matvec(saturate, average, transpose_a=True) + brightness + light
    )
    # A 1x1 convolution with bias is the fastest way to multiply many pixels by a small matrix.
    changed = tf.nn.bias_add(
        tf.nn.conv2d(image[None], (contrast * saturate)[None, None], strides=1, padding="VALID"),
        offset,
    )
    return tf.clip_by_value(changed[0], 0.0, 255.0)
