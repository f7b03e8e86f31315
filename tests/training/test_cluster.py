import json
import socket

import pytest

from ann.training.cluster import Cluster, require_no_cluster

STEP = {
    "SLURM_STEP_NODELIST": "n[9-10],gpu[007,009]-ib",
    "SLURM_STEP_TASKS_PER_NODE": "2(x2),1(x2)",
    "SLURM_PROCID": "4",
    "SLURM_JOB_ID": "1020003",
}


def tf_config(**described):
    return {"TF_CONFIG": json.dumps(described)}


def test_tf_config():
    cluster = {"worker": ["a:1", "b:2"]}
    first, second = (
        Cluster.from_environment(
            tf_config(cluster=cluster, task={"type": "worker", "index": index})
        )
        for index in range(2)
    )
    assert (first.addresses, first.index, second.index) == (("a:1", "b:2"), 0, 1)


def test_the_chief_comes_before_the_workers():
    cluster = {"worker": ["a:1", "b:2"], "chief": ["c:3"]}
    chief, worker = (
        Cluster.from_environment(tf_config(cluster=cluster, task={"type": kind, "index": 0}))
        for kind in ("chief", "worker")
    )
    assert chief.addresses == worker.addresses == ("c:3", "a:1", "b:2")
    assert (chief.index, worker.index) == (0, 1)


def test_slurm():
    """The tasks in the order of their ranks; a port that two jobs on one node rarely share."""
    cluster = Cluster.from_environment(STEP)
    assert cluster.index == 4
    assert cluster.addresses == (
        *("n9:20003", "n9:20004", "n10:20003", "n10:20004"),
        *("gpu007-ib:20003", "gpu009-ib:20003"),
    )


def test_tf_config_comes_before_slurm():
    config = tf_config(cluster={"worker": ["a:1", "b:2"]}, task={"index": 0})
    assert Cluster.from_environment(STEP | config).addresses == ("a:1", "b:2")


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({}, "needs a cluster: set TF_CONFIG"),
        ({"TF_CONFIG": "{"}, "must have the form.*Received: {"),
        (tf_config(cluster={"worker": ["a:1", "b:1"]}), "must have the form"),
        (tf_config(cluster={"worker": ["a", "b"]}, task={"index": 0}), "must have the form"),
        (tf_config(cluster={"worker": ["a:1", "b:x"]}, task={"index": 0}), "must have the form"),
        (tf_config(cluster={"worker": ["a:1", "a:1"]}, task={"index": 0}), "share an address"),
        (tf_config(cluster={"worker": ["a:1", "b:1"]}, task={"index": 2}), "in 0..1.*index=2"),
        (tf_config(cluster={"worker": ["a:1"]}, task={"index": 0}), "at least 2 workers"),
        (
            tf_config(cluster={"worker": ["a:1", "b:1"], "ps": ["c:1"]}, task={"index": 0}),
            r"must be chief and worker.*\['ps'\]",
        ),
        (
            tf_config(cluster={"worker": ["a:1", "b:1"]}, task={"type": "evaluator", "index": 0}),
            r"must be chief and worker.*\['evaluator'\]",
        ),
        (STEP | {"SLURM_STEP_NODELIST": "n[1-2"}, "not clear"),
        (STEP | {"SLURM_STEP_TASKS_PER_NODE": "2"}, "not clear"),
        ({"SLURM_STEP_NODELIST": "n1"}, "not clear.*'SLURM_PROCID': None"),
    ],
)
def test_a_wrong_or_missing_cluster_is_refused_in_one_sentence(environ, reason):
    with pytest.raises(ValueError, match=reason) as error:
        Cluster.from_environment(environ)
    assert "\n" not in str(error.value)


def test_a_port_in_use_is_refused():
    with socket.create_server(("", 0)) as taken:
        address = f"localhost:{taken.getsockname()[1]}"
        with pytest.raises(ValueError, match=f"worker 1 cannot listen at {address}: Address alr"):
            Cluster(("localhost:1", address), 1).require_free_port()


def test_a_cluster_that_would_not_be_used_is_refused():
    for environ in ({}, {"TF_CONFIG": "{"}, tf_config(cluster={"worker": ["a:1"]})):
        require_no_cluster("mirrored", environ)
    with pytest.raises(ValueError, match="2 workers.*train alone.*Received: strategy='mirrored'"):
        require_no_cluster("mirrored", tf_config(cluster={"chief": ["a:1"], "worker": ["b:1"]}))
