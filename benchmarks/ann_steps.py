"""What is timed of ours: functions without arguments, one step a call. CONST weights, SGD with momentum and L2."""

import keras
import tensorflow as tf

from ann import training


def training_step(build, batch, variant):
    """Trains the network that `build` makes on the batch of NumPy arrays; `variant` names "float32" or "bfloat16" (mixed)."""
    keras.config.set_dtype_policy("mixed_bfloat16" if "bfloat16" in variant else "float32")
    model = build()
    model.compile(optimizer=training.L2SGD(1e-3, momentum=0.9, l2=1e-4), weighting="const")
    batches = iter(tf.data.Dataset.from_tensors(batch).cache().repeat().prefetch(2))
    model.make_train_function()
    return lambda: float(model.train_function(batches)["loss"])


def forward(build, batch, variant):
    """The answers of all exits; "bfloat16" has the weights in it too. Arguments as `training_step`."""
    keras.config.set_dtype_policy("bfloat16" if "bfloat16" in variant else "float32")
    model = build()
    answers = tf.function(lambda x: model(x, training=False))
    x = tf.constant(batch[0])
    return lambda: answers(x)[-1].numpy()
