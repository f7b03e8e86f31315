"""The cluster that a process belongs to, as its environment describes it."""

import dataclasses
import json
import os
import re
import socket
from collections.abc import Mapping

_FIRST_PORT, _NUM_PORTS = 20_000, 20_000


@dataclasses.dataclass(frozen=True)
class Cluster:
    """The workers of a run.

    Attributes:
        addresses: "host:port" of each worker. The first one is the chief.
        index: which of them this process is.
    """

    addresses: tuple[str, ...]
    index: int

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Cluster":
        """The cluster of TF_CONFIG, or else of the job step that SLURM's `srun` started.

        TF_CONFIG may have a job "chief" with one task and a job "worker". SLURM's tasks become
        workers in the order of their ranks; ports follow from the number of the job.

        Raises:
            ValueError: there is no cluster, or its description is wrong.

        Example:
            >>> tasks = '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"index": 1}}'
            >>> Cluster.from_environment({"TF_CONFIG": tasks}).index
            1
        """
        if environ.get("TF_CONFIG"):
            return cls(*_of_tf_config(environ["TF_CONFIG"]))
        if "SLURM_STEP_NODELIST" in environ:
            return cls(*_of_slurm(environ))
        raise ValueError(
            "multi_worker needs a cluster: set TF_CONFIG for each worker, or start the workers "
            "with SLURM's srun. Received: neither TF_CONFIG nor SLURM_STEP_NODELIST"
        )

    def __post_init__(self):
        if len(self.addresses) < 2:
            raise ValueError(
                "multi_worker needs at least 2 workers; use one_device or mirrored for one. "
                f"Received: {list(self.addresses)}"
            )
        if not 0 <= self.index < len(self.addresses):
            raise ValueError(
                f"the task's index must be in 0..{len(self.addresses) - 1}. "
                f"Received: index={self.index}"
            )

    def require_free_port(self) -> None:
        """Raises if this worker cannot listen at its port.

        TensorFlow would share the port with the other process, and talk to it.

        Raises:
            ValueError: the port is taken.
        """
        address = self.addresses[self.index]
        try:
            socket.create_server(("", _port(address))).close()
        except OSError as error:
            raise ValueError(
                f"worker {self.index} cannot listen at {address}: {error.strerror}. Another "
                "process may use the port, such as a worker of an earlier run"
            ) from None


def require_no_cluster(strategy: str, environ: Mapping[str, str] = os.environ) -> None:
    """Raises if TF_CONFIG names several workers, whatever else it says.

    Args:
        strategy: the one that would leave them out, for the error.
        environ: environment variables.

    Raises:
        ValueError: it names several.
    """
    try:
        count = len(_addresses(json.loads(environ.get("TF_CONFIG") or "{}")))
    except (ValueError, TypeError, AttributeError):
        return
    if count > 1:
        raise ValueError(
            f"TF_CONFIG describes {count} workers, but each of them would train alone. "
            f"Unset TF_CONFIG, or use multi_worker. Received: strategy={strategy!r}"
        )


def _of_tf_config(text):
    form = '{"cluster": {"worker": ["host:port", ...]}, "task": {"type": "worker", "index": 0}}'
    try:
        described = json.loads(text)
        addresses, task = _addresses(described), described["task"]
        index = int(task["index"])
        kind = task.get("type", "worker")
        for address in addresses:
            _port(address)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ValueError(f"TF_CONFIG must have the form {form}. Received: {text}") from None
    other = {*described["cluster"], kind} - {"chief", "worker"}
    if other:
        raise ValueError(
            "the jobs in TF_CONFIG must be chief and worker: the chief trains, too, and all "
            f"evaluate. Received: {sorted(other)}"
        )
    if len(set(addresses)) < len(addresses):
        raise ValueError(f"two workers in TF_CONFIG share an address. Received: {list(addresses)}")
    if kind == "worker":
        index += len(described["cluster"].get("chief", []))
    return addresses, index


def _addresses(described):
    cluster = described.get("cluster", {})
    return (*cluster.get("chief", ()), *cluster.get("worker", ()))


def _port(address):
    host, port = address.rsplit(":", 1)
    if not host or not 0 < int(port) < 65536:
        raise ValueError(address)
    return int(port)


def _of_slurm(environ):
    try:
        hosts = _hosts(environ["SLURM_STEP_NODELIST"])
        tasks = _repeated(environ["SLURM_STEP_TASKS_PER_NODE"])
        index = int(environ["SLURM_PROCID"])
        first = _FIRST_PORT + int(environ["SLURM_JOB_ID"]) % _NUM_PORTS
        addresses = [
            f"{host}:{first + number}"
            for host, count in zip(hosts, tasks, strict=True)
            for number in range(count)
        ]
    except (KeyError, ValueError, AttributeError):
        names = ("STEP_NODELIST", "STEP_TASKS_PER_NODE", "PROCID", "JOB_ID")
        found = {f"SLURM_{name}": environ.get(f"SLURM_{name}") for name in names}
        raise ValueError(
            f"SLURM's description of the step is not clear. Received: {found}"
        ) from None
    return tuple(addresses), index


def _hosts(text):
    """The host names of a list in SLURM's form, in its order, which is that of the ranks.

    Example:
        >>> _hosts("n[9-11,20],login")
        ['n9', 'n10', 'n11', 'n20', 'login']
    """
    if not re.fullmatch(r"[\w.-]*(\[[\d,-]+\])?[\w.-]*(,[\w.-]*(\[[\d,-]+\])?[\w.-]*)*", text):
        raise ValueError(text)
    found = []
    for before, numbers, after in re.findall(r"([\w.-]*)(?:\[([\d,-]+)\])?([\w.-]*)(?:,|$)", text):
        if not numbers:
            found += [before + after] if before + after else []
            continue
        for part in numbers.split(","):
            first, _, last = part.partition("-")
            for number in range(int(first), int(last or first) + 1):
                found.append(f"{before}{number:0{len(first)}d}{after}")
    return found


def _repeated(text):
    """The numbers of a list in SLURM's form.

    Example:
        >>> _repeated("3(x2),1")
        [3, 3, 1]
    """
    found = []
    for part in text.split(","):
        number, times = re.fullmatch(r"(\d+)(?:\(x(\d+)\))?", part).groups()
        found += [int(number)] * int(times or 1)
    return found
