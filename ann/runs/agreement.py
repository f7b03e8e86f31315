"""What the workers of one run must agree on."""

import json

from ann.runs.config import RunConfig


def require_equal(workers, config: RunConfig, fingerprint: dict) -> None:
    """Refuses a run whose workers were not started with the same config and data.

    Where the data is may differ.

    Args:
        workers: the processes of the run, all of which have to call this.
        config: of this process.
        fingerprint: `ann.data.fingerprint` of its data.

    Raises:
        ValueError: in all processes, if one of them differs from the chief.
    """
    groups = config.to_dict()
    del groups["data"]["data_dir"]
    mine = {name: value for group in groups.values() for name, value in group.items()}
    mine = json.loads(json.dumps(mine | fingerprint))
    given = json.dumps(mine).encode() if workers.is_chief else None
    chief = json.loads(workers.from_chief(given))
    differences = [
        f"{name}={mine.get(name)!r} instead of {chief.get(name)!r}"
        for name in sorted({*mine, *chief})
        if mine.get(name) != chief.get(name)
    ]
    if not workers.any(bool(differences)):
        return
    raise ValueError(
        "all workers must have the config and the data of the first. "
        f"Received: {', '.join(differences) or 'another worker has others'}"
    )
