import pytest
import tensorflow as tf

from ann.training import strategy


def test_names():
    assert strategy("one_device", 7) is tf.distribute.get_strategy()
    assert strategy("mirrored", 8).num_replicas_in_sync == 2  # conftest.py makes two logical CPUs


def test_bad_values_are_refused():
    with pytest.raises(ValueError, match="multiple of the 2 replicas. Received: batch_size=7"):
        strategy("mirrored", 7)
    with pytest.raises(ValueError, match="Received: strategy='tpu'"):
        strategy("tpu", 8)
