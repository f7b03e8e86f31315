"""Writes what the exits of all declared networks cost, so that planning need not build them.

    python -m experiments.network_costs

Only networks that the file lacks are built: run it after declaring an experiment with a new one.
"""

import sys

import pandas as pd
from tqdm import tqdm

from ann.atomic_write import atomic_path
from ann.commands.run import run
from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.network_costs import COLUMNS, KEY, PATH, exits_of, key_of
from experiments.harness.plan import networks


def define_flags():
    """There are no settings."""


def main(arguments):
    keys = {
        key_of(*network)
        for experiment in EXPERIMENTS.values()
        for scale in experiment.settings
        for network in networks(experiment, scale)
    }
    tables = [
        exits_of(key).assign(**dict(zip(KEY, key, strict=True)))
        for key in tqdm(sorted(keys), desc="networks")
    ]
    with atomic_path(PATH) as temporary:
        pd.concat(tables)[[*KEY, *COLUMNS]].to_csv(temporary, index=False)
    print(f"{len(keys)} networks written to {PATH}")


if __name__ == "__main__":
    run(sys.modules[__name__])
