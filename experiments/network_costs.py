"""Writes what the exits of all declared networks cost, so that planning need not build them.

    python -m experiments.network_costs

Only networks that the file lacks are built: run it after declaring an experiment with a new one.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pandas as pd
from absl import app
from tqdm import tqdm

from ann.atomic_write import atomic_path
from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.network_costs import COLUMNS, KEY, PATH, exits_of, key_of
from experiments.harness.plan import networks


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"there are no settings. Received: {argv[1:]}")
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
    app.run(main)
