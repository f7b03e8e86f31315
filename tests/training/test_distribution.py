import pytest
import tensorflow as tf

from ann.training import strategy


def test_names():
    assert strategy("one_device", 7) is tf.distribute.get_strategy()
    assert strategy("mirrored", 8).num_replicas_in_sync == 2  # conftest.py makes two logical CPUs


def test_virtual_devices_are_made_once():
    assert strategy("mirrored", 8, virtual_devices=2) is strategy("mirrored", 8)
    with pytest.raises(ValueError, match="before TensorFlow starts.*virtual_devices=4"):
        strategy("mirrored", 8, virtual_devices=4)


def test_bad_values_are_refused():
    with pytest.raises(ValueError, match="multiple of the 2 replicas. Received: batch_size=7"):
        strategy("mirrored", 7)
    with pytest.raises(ValueError, match="must be one of .*'multi_worker'.*strategy='horovod'"):
        strategy("horovod", 8)


def test_without_a_tpu_the_ways_to_one_are_named():
    with pytest.raises(ValueError, match="no TPU here.*2.19.*KERAS_BACKEND=jax.*strategy='tpu'"):
        strategy("tpu", 8)


def test_a_cluster_that_would_not_be_used_is_refused(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", '{"cluster": {"chief": ["a:1"], "worker": ["b:1"]}}')
    with pytest.raises(ValueError, match="2 workers.*train alone.*Received: strategy='mirrored'"):
        strategy("mirrored", 8)
