"""Where the replicas run."""

import functools

from ann.training.cluster import Cluster, require_no_cluster

NAMES = ("one_device", "mirrored", "multi_worker", "tpu")


def strategy(name: str, batch_size: int, virtual_devices: int = 0):
    """The tf.distribute strategy of a run.

    A cluster has to be joined before TensorFlow does anything else in the process.

    Args:
        name: "one_device"; "mirrored" over all visible GPUs, else over all logical CPUs;
            "multi_worker" over the GPUs of all workers (`Cluster.from_environment`), else one
            replica on the CPU of each; "tpu" over the cores of this machine's TPU.
        batch_size: global batch size; must be divisible by the replicas.
        virtual_devices: number of logical CPUs to make for "mirrored"; 0 leaves them as they are.

    Raises:
        ValueError: unknown name, an indivisible batch, a cluster that is wrong or that this
            strategy would not use, or no TPU; or TensorFlow has started already.
    """
    if name not in NAMES:
        raise ValueError(f"strategy must be one of {NAMES}. Received: strategy={name!r}")
    if name != "multi_worker":
        require_no_cluster(name)
    made = _MAKERS[name](virtual_devices)
    if batch_size % made.num_replicas_in_sync:
        raise ValueError(
            f"batch_size must be a multiple of the {made.num_replicas_in_sync} replicas. "
            f"Received: batch_size={batch_size}"
        )
    return made


def _one_device(virtual_devices):
    import tensorflow as tf  # the rest of this room also serves Keras's JAX backend

    del virtual_devices
    return tf.distribute.get_strategy()


def _mirrored(virtual_devices):
    import tensorflow as tf

    if virtual_devices:
        _make_virtual_cpus(virtual_devices)
    gpus = [] if virtual_devices else tf.config.list_logical_devices("GPU")
    devices = gpus or tf.config.list_logical_devices("CPU")
    return _mirrored_over(tuple(device.name for device in devices))


@functools.cache
def _mirrored_over(devices):
    # One for the process: a second strategy over the same devices would number its collectives as
    # the first one did, and TensorFlow takes two collectives of one number for the same.
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(devices)


def _make_virtual_cpus(count):
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    one = tf.config.LogicalDeviceConfiguration()
    if tf.config.get_logical_device_configuration(cpu) == [one] * count:
        return
    try:
        tf.config.set_logical_device_configuration(cpu, [one] * count)
    except RuntimeError:
        raise ValueError(
            "virtual devices must be made before TensorFlow starts in a process, and only once. "
            f"Received: virtual_devices={count}"
        ) from None


def _multi_worker(virtual_devices):
    del virtual_devices
    return _joined(Cluster.from_environment())


@functools.cache
def _joined(cluster):
    # A process joins its cluster once, for all its runs.
    import tensorflow as tf

    cluster.require_free_port()
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({"worker": cluster.addresses}),
        task_type="worker",
        task_id=cluster.index,
        num_accelerators={"GPU": len(tf.config.list_physical_devices("GPU"))},
        rpc_layer="grpc",
    )
    try:
        return tf.distribute.MultiWorkerMirroredStrategy(resolver)
    except RuntimeError as error:  # TensorFlow has done something before
        raise ValueError(f"worker {cluster.index} cannot join its cluster: {error}") from error
    except tf.errors.OpError as error:
        sentence = error.message.splitlines()[0]
        raise ValueError(f"worker {cluster.index} cannot join its cluster: {sentence}") from error


def _tpu(virtual_devices):
    del virtual_devices
    return _tpu_of_this_machine()


@functools.cache
def _tpu_of_this_machine():
    import tensorflow as tf

    if not tf.config.list_physical_devices("TPU"):
        raise ValueError(
            f"TensorFlow {tf.__version__} finds no TPU here. The last TensorFlow with TPUs is 2.19 "
            "(package tensorflow-tpu); on newer ones, train with KERAS_BACKEND=jax. "
            "Received: strategy='tpu'"
        )
    resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu="local")
    tf.tpu.experimental.initialize_tpu_system(resolver)
    return tf.distribute.TPUStrategy(resolver)


_MAKERS = {
    "one_device": _one_device,
    "mirrored": _mirrored,
    "multi_worker": _multi_worker,
    "tpu": _tpu,
}
