"""What the exits of the declared networks cost, kept in network_exits.csv so that a plan needs not
build them.

    python -m experiments.harness.network_costs

writes it anew, building only what it lacks. Tests compare it with the networks.
"""

import functools
import pathlib

import pandas as pd

from ann.atomic_write import atomic_path
from experiments.harness.scales import DATASETS

PATH = pathlib.Path(__file__).parent / "network_exits.csv"
_KEY = ["model", "s", "num_classes", "input_shape"]


def network_exits(model: str, s: int | None, dataset: str) -> pd.DataFrame:
    """Cost of each exit of a network as it is trained on a data set, from the file, or from the
    network where it is not there.

    Args:
        model: name of `ann.models`.
        s: prediction period; None: the network's own.
        dataset: a name of `experiments.harness.scales.DATASETS`.

    Returns:
        DataFrame `exit` (0-based), `macs` (incremental, see `costs.profile`), `depth`
        (`costs.depths`), shallow to deep.
    """
    key = _key(model, s, dataset)
    return _kept()[key] if key in _kept() else _built(key)


def _key(model, s, dataset):
    _, num_classes, shape = DATASETS[dataset]
    return (model, s or 0, num_classes, "x".join(map(str, shape)))


@functools.cache
def _kept():
    if not PATH.exists():
        return {}
    return {
        key: rows.drop(columns=_KEY).reset_index(drop=True)
        for key, rows in pd.read_csv(PATH).groupby(_KEY)
    }


@functools.cache
def _built(key):
    from ann import costs, models

    model, s, num_classes, shape = key
    period = {"s": s} if s else {}
    network = models.build(
        model, num_classes=num_classes, input_shape=tuple(map(int, shape.split("x"))), **period
    )
    macs = costs.profile(network).macs_incremental
    return pd.DataFrame({"exit": range(len(macs)), "macs": macs, "depth": costs.depths(network)})


def main():
    """Writes the file anew, of the networks that are declared today."""
    from tqdm import tqdm

    from experiments.harness.catalogue import EXPERIMENTS
    from experiments.harness.plan import networks

    keys = {
        _key(*network)
        for e in EXPERIMENTS.values()
        for scale in e.settings
        for network in networks(e, scale)
    }
    tables = []
    for key in tqdm(sorted(keys), desc="networks"):
        exits = _kept()[key] if key in _kept() else _built(key)
        tables.append(exits.assign(**dict(zip(_KEY, key, strict=True))))
    with atomic_path(PATH) as temporary:
        pd.concat(tables)[[*_KEY, "exit", "macs", "depth"]].to_csv(temporary, index=False)


if __name__ == "__main__":
    main()
