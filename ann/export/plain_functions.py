"""Tracing without functions that XLA compiles."""

import contextlib

import tensorflow as tf


@contextlib.contextmanager
def plain_functions():
    """While it lasts, a `tf.function` called inside a trace becomes part of the trace.

    Keras wraps some operations, such as grouped convolutions, in functions for XLA, because
    TensorFlow has no kernel for them on the CPU. Other formats have the operation and cannot read
    the function.
    """
    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(before)
