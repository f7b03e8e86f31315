"""The steps of this library that benchmarks time.

Each step is a function without arguments. Training uses CONST weights and SGD with momentum and L2.
"""

import keras
import tensorflow as tf

from ann import training


def training_step(build, batch, variant, replicas=1):
    """Returns a step that trains a network.

    Args:
        build: function that makes the network.
        batch: images and labels, NumPy arrays.
        variant: contains "float32" or "bfloat16" (mixed precision).
        replicas: number of devices to make of the CPU, which divide the batch among them.
    """
    keras.config.set_dtype_policy("mixed_bfloat16" if "bfloat16" in variant else "float32")
    several = {"virtual_devices": replicas} if replicas > 1 else {}
    engine = training.engine("mirrored" if several else "one_device", len(batch[0]), **several)
    with engine.scope():
        model = build()
        model.compile(optimizer=training.L2SGD(1e-3, momentum=0.9, l2=1e-4), weighting="const")
    engine.start(model, tf.data.Dataset.from_tensors(batch).cache().repeat().prefetch(2))
    return lambda: float(engine.train(1)["loss"])


def forward(build, batch, variant):
    """Returns a step that computes the answers of all exits.

    The arguments are those of `training_step`, but with "bfloat16" the weights are bfloat16, too.
    """
    keras.config.set_dtype_policy("bfloat16" if "bfloat16" in variant else "float32")
    model = build()
    answers = tf.function(lambda x: model(x, training=False))
    x = tf.constant(batch[0])
    return lambda: answers(x)[-1].numpy()
