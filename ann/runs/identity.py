"""What names a run: the fields of its config that say what was run."""

import hashlib
import json

from ann.runs.config import RunConfig


def claims(config: RunConfig) -> dict:
    """The fields that say what was run: not where (runtime), nor where the data lie."""
    groups = config.to_dict()
    del groups["runtime"], groups["data"]["data_dir"]
    return groups


def run_name(config: RunConfig) -> str:
    """Name of a run: data set, model, weighting and a digest of all that the run claims.

    Equal runs have equal names, wherever they are wanted and wherever they run.
    """
    digest = hashlib.sha256(json.dumps(claims(config), sort_keys=True).encode()).hexdigest()[:12]
    return f"{config.data.dataset}-{config.model.model}-{config.weighting.weighting}-{digest}"
