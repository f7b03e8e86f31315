"""What the exits of the declared networks cost, kept in network_costs.csv so that a plan need not
build them."""

import functools
import pathlib

import pandas as pd

from experiments.harness.scales import DATASETS

PATH = pathlib.Path(__file__).parent / "network_costs.csv"
KEY = ["model", "s", "num_classes", "input_shape"]
COLUMNS = ["exit", "macs", "macs_alone", "depth"]


def network_exits(model: str, s: int | None, dataset: str) -> pd.DataFrame:
    """Cost of each exit of a network as it is trained on a data set, from the file, or from the
    network where the file does not have it.

    Args:
        model: name of `ann.models`.
        s: prediction period; None: the network's own.
        dataset: a name of `experiments.harness.scales.DATASETS`.

    Returns:
        DataFrame `exit` (0-based), `macs` (incremental, see `costs.profile`), `macs_alone` (without
        the heads before it: pruned, there), `depth` (`costs.depths`), shallow to deep.
    """
    return exits_of(key_of(model, s, dataset))


def key_of(model, s, dataset) -> tuple:
    """What a network is found by in the file."""
    _, num_classes, shape = DATASETS[dataset]
    return (model, s or 0, num_classes, "x".join(map(str, shape)))


def exits_of(key: tuple) -> pd.DataFrame:
    """The same as `network_exits`, by `key_of`."""
    return _kept()[key] if key in _kept() else build_and_cost(key)


@functools.cache
def _kept():
    if not PATH.exists():
        return {}
    return {
        key: rows[COLUMNS].reset_index(drop=True) for key, rows in pd.read_csv(PATH).groupby(KEY)
    }


@functools.cache
def build_and_cost(key: tuple) -> pd.DataFrame:
    """The same from the network itself, which takes seconds."""
    from ann import costs, models

    model, s, num_classes, shape = key
    period = {"s": s} if s else {}
    network = models.build(
        model, num_classes=num_classes, input_shape=tuple(map(int, shape.split("x"))), **period
    )
    profile = costs.profile(network)
    return pd.DataFrame(
        {
            "exit": profile.exit,
            "macs": profile.macs_incremental,
            "macs_alone": profile.macs_pruned,
            "depth": costs.depths(network),
        }
    )
