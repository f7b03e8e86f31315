"""Steps and evaluations of the training loop on JAX, over a mesh of devices.

Each step is one program over the global batch: its images are divided among the devices, the
weights are on all of them, and the compiler adds the sums between devices. So losses, averages and
the statistics of batch normalization are those of the global batch.
"""

import contextlib
import os
import re
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from ann.training.checkpoint import Checkpoints
from ann.training.cluster import Cluster, require_no_cluster
from ann.training.engines import Engine
from ann.training.replicas import WorkerCheckpoints
from ann.training.workers import JaxWorkers, OneWorker

_AXIS = "batch"
_STRATEGIES = ("one_device", "mirrored", "multi_worker")
# What XLA says when a collective of several processes fails: on CPUs, and on GPUs.
_LOST = re.compile(r"(Gloo \w+ failed: (\[\S+\] )?|NCCL operation .* failed: )(?P<reason>.*)")
# After how long without a sign of life a worker is given up, so that the others end.
_SECONDS_TO_ANSWER = 30


class JaxEngine(Engine):
    """The engine on JAX.

    Args:
        strategy_name: "one_device"; "mirrored" over all devices: GPUs, TPUs or virtual ones;
            "multi_worker" over the devices of all workers (`Cluster.from_environment`).
        batch_size: global batch size; must be divisible by the devices.
        virtual_devices: number of devices to make of this machine's CPU; 0 for none.
        steps_per_call: most steps that one call of the compiled function does; None: 1 on CPUs, as
            many as the batches say on accelerators.

    Raises:
        ValueError: another strategy, a cluster that is wrong or that this strategy would not use,
            or an indivisible batch; or JAX has started already.
    """

    def __init__(
        self,
        strategy_name: str,
        batch_size: int,
        *,
        virtual_devices: int = 0,
        steps_per_call: int | None = None,
    ):
        if strategy_name not in _STRATEGIES:
            raise ValueError(
                f"on JAX strategy must be one of {_STRATEGIES}. "
                f"Received: strategy={strategy_name!r}"
            )
        self._many = strategy_name == "multi_worker"
        if not self._many:
            require_no_cluster(strategy_name)
        if virtual_devices:
            _make_virtual_cpus(virtual_devices)
        self.workers = _joined() if self._many else OneWorker()
        whole = strategy_name != "one_device"
        devices = jax.devices()[: virtual_devices or None] if whole else jax.local_devices()[:1]
        if batch_size % len(devices):
            raise ValueError(
                f"batch_size must be a multiple of the {len(devices)} replicas. "
                f"Received: batch_size={batch_size}"
            )
        mesh = Mesh(np.array(devices), (_AXIS,))
        self._on_all = NamedSharding(mesh, PartitionSpec())
        self._divided = NamedSharding(mesh, PartitionSpec(_AXIS))
        self._divided_rows = NamedSharding(mesh, PartitionSpec(None, _AXIS))
        self._num_devices = len(devices)
        self._on_cpu = devices[0].platform == "cpu"
        self._steps_per_call = steps_per_call

    @staticmethod
    def require_determinism() -> None:
        # CPUs and TPUs always do.
        option = "--xla_gpu_deterministic_ops=true"
        if jax.default_backend() == "gpu" and option not in os.environ.get("XLA_FLAGS", ""):
            raise ValueError(
                f"on a GPU, JAX is deterministic with XLA_FLAGS={option}. "
                "Received: deterministic=True"
            )

    def scope(self):
        return contextlib.nullcontext()

    def checkpoints(self, folder, keep: int) -> Checkpoints:
        if self._many:  # one program: what is to be shared is shared at each step
            return WorkerCheckpoints(folder, keep, self.workers, lambda: None)
        return Checkpoints(folder, keep)

    def start(self, model, batches) -> None:
        self.model = model
        self._batches = batches
        self._done = 0
        self.steps_per_call = self._steps_per_call or (
            1 if self._on_cpu else batches.steps_per_call
        )
        self._arrays = _put(batches.arrays, self._on_all)
        # Donated: a step writes its state where it has read it.
        options: dict[str, Any] = {"donate_argnums": 0, "out_shardings": self._on_all}
        self._step = jax.jit(self._one_step, **options)
        self._steps = jax.jit(self._many_steps, **options)
        self._test = jax.jit(self._test_step, out_shardings=self._on_all)
        _assign(variable_groups(self.model), self._state(copy=True))

    def train(self, count: int) -> dict:
        if self._done + count > len(self._batches):
            raise StopIteration
        draws = self._batches.draws(self._done, count)
        state = self._state()
        if self.steps_per_call == 1:
            draws = _put({name: rows[0] for name, rows in draws.items()}, self._divided)
            logs, state = self._step(state, self._arrays, draws)
        else:
            # One program for every count, so that a resumed run has the bits of the whole one.
            room = (0, self.steps_per_call - count)
            draws = {
                name: np.pad(rows, [room, *[(0, 0)] * (rows.ndim - 1)])
                for name, rows in draws.items()
            }
            draws = _put(draws, self._divided_rows)
            logs, state = self._steps(state, self._arrays, draws, count)
        self._done += count
        _assign(variable_groups(self.model), state)
        return self._named(logs)

    def _one_step(self, state, arrays, draws):
        batch = self._batches.make(arrays, draws)
        logs, state = self.model.train_step(state, batch)
        return self._in_order(logs), [list(group) for group in state]

    def _many_steps(self, state, arrays, draws, count):
        def step(index, carry):
            row = {name: rows[index] for name, rows in draws.items()}
            return self._one_step(carry[1], arrays, row)

        nothing = jnp.zeros(len(self.model.metrics_names))
        return jax.lax.fori_loop(0, count, step, (nothing, state))

    def _test_step(self, state, batch):
        logs, (_, _, metrics) = self.model.test_step(state, batch)
        return self._in_order(logs), metrics

    def _in_order(self, logs):
        """All logs as one array: it travels to the host in one piece."""
        return jnp.stack([logs[name] for name in self.model.metrics_names])

    def _named(self, logs):
        return dict(zip(self.model.metrics_names, np.asarray(logs).tolist(), strict=True))

    def evaluate(self, batches, callbacks) -> dict:
        model = self.model
        model.reset_metrics()
        model.stop_evaluating = False
        callbacks.on_test_begin()
        trained, fixed, _, metrics = self._state()
        logs = {}
        for number, batch in enumerate(batches):
            callbacks.on_test_batch_begin(number)
            whole = len(batch[1]) % self._num_devices == 0
            batch = _put(batch, self._divided if whole else self._on_all)
            in_order, metrics = self._test((trained, fixed, metrics), batch)
            logs = self._named(in_order)
            callbacks.on_test_batch_end(number, logs)
            if model.stop_evaluating:
                break
        _assign([model.metrics_variables], [metrics])
        callbacks.on_test_end(logs)
        return logs

    def _state(self, copy=False):
        """The values of all variables, on all devices.

        Args:
            copy: True for arrays of their own. Callbacks and Keras may give one array to several
                variables, and a donated array must not be used twice.
        """
        return [
            [self._placed(variable, copy) for variable in group]
            for group in variable_groups(self.model)
        ]

    def _placed(self, variable, copy):
        if copy:
            return _put(keras.ops.convert_to_numpy(variable).copy(), self._on_all)
        array = variable.value
        return array if array.sharding == self._on_all else _put(array, self._on_all)

    @staticmethod
    def failures() -> tuple:
        return (jax.errors.JaxRuntimeError,)

    def lost_worker(self, error):
        # Where several processes take part, JAX raises a ValueError for what XLA reports.
        found = _LOST.search(str(error)) if self._many else None
        return found and found["reason"].strip()


def variable_groups(model) -> tuple:
    """The variables of a compiled model as Keras's `train_step` on JAX wants them."""
    return (
        model.trainable_variables,
        model.non_trainable_variables,
        model.optimizer.variables,
        model.metrics_variables,
    )


def _make_virtual_cpus(count):
    try:
        jax.config.update("jax_num_cpu_devices", count)
    except RuntimeError:  # JAX has started; asking for its devices would start it
        if len(jax.local_devices()) >= count:
            return
        raise ValueError(
            "virtual devices must be made before JAX starts in a process, and only once. "
            f"Received: virtual_devices={count}"
        ) from None


def _assign(groups, values):
    for variables, arrays in zip(groups, values, strict=True):
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)


def _put(values, sharding):
    """Arrays that every process has whole, on the devices of all of them."""
    if sharding.is_fully_addressable:
        return jax.device_put(values, sharding)
    made = lambda one: jax.make_array_from_callback(one.shape, sharding, lambda part: one[part])
    return jax.tree.map(lambda one: made(np.asarray(one)), values)


def _joined():
    cluster = Cluster.from_environment()
    if not jax.distributed.is_initialized():
        _join(cluster)
    return JaxWorkers()


def _join(cluster):
    if cluster.index == 0:  # all meet at the first address; the other ports are not used
        cluster.require_free_port()
    try:
        # As `keras.distribution.initialize`, which waits three times as long, and shares a seed.
        jax.distributed.initialize(
            cluster.addresses[0],
            len(cluster.addresses),
            cluster.index,
            heartbeat_timeout_seconds=_SECONDS_TO_ANSWER,
        )
    except RuntimeError as error:  # JAX has done something before, or the chief does not answer
        sentence = str(error).splitlines()[0]
        raise ValueError(f"worker {cluster.index} cannot join its cluster: {sentence}") from error
