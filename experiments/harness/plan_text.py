"""What there is to run, for the terminal: the list of all experiments, the plan of some, and what
is left of it.
"""

from ann.runs.folder import RunFolder
from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.plan import hours_of, plan, summary, training_macs
from experiments.harness.store import RunStore


def list_experiments(store: RunStore) -> str:
    """Every experiment: what it shows and claims, and at each scale its runs, MACs and hours."""
    lines, stored = [], store.runs()
    for name, experiment in EXPERIMENTS.items():
        lines += [f"{name}  ({experiment.source})", f"    {experiment.title}"]
        lines += [f"    claim: {claim.text}" for claim in experiment.claims]
        lines += [
            f"    {scale}: {_summary(plan(experiment, scale), stored)}"
            for scale in experiment.settings
        ]
        lines.append("")
    return "\n".join(lines)


def plan_as_text(plans, store: RunStore) -> str:
    """Every run of some plans with its MACs and whether it is finished, and what all of them still
    need.

    Args:
        plans: dictionary from the name of an experiment to its runs, as returned by `plan`.
        store: the finished runs.
    """
    stored, lines = store.runs(), []
    for name, runs in plans.items():
        lines.append(f"{name}: {_summary(runs, stored)}")
        for run in runs:
            state = "finished" if run.name in stored.index else "to do"
            where = f"{run.config.model.model}, {run.dataset}"
            lines.append(
                f"    {state:8}  {training_macs(run.config):8.2g} MACs  {_what(run)}, {where}"
            )
    whole = _summary([run for runs in plans.values() for run in runs], stored)
    return "\n".join([*lines, f"all, with runs that they share once: {whole}"])


def queue_as_text(queue, runs_dir, store: RunStore) -> str:
    """The runs of a queue that are not finished, in its order: their epochs so far, the hours that
    they need, and the hours until each is finished.

    Args:
        queue: as returned by `most_wanted_first`.
        runs_dir: folder of run folders.
        store: the finished runs.
    """
    stored, lines, until = store.runs(), [], 0.0
    hours = hours_of(stored)
    left = {name: run for name, run in queue.items() if name not in stored.index}
    for name, run in left.items():
        done, epochs = RunFolder(runs_dir / name).epochs_done, run.config.training.epochs
        line = f"    epoch {done:3}/{epochs}"
        if hours:
            own = hours(training_macs(run.config)) * (1 - done / epochs)
            until += own
            line += f"  {_rounded(own):>6} h  {_rounded(until):>6} h in all"
        lines.append(f"{line}  {name} ({_what(run)})")
    end = f"{len(queue) - len(left)} of {len(queue)} runs are finished"
    if left:
        end += f"; {_hours(until if hours else None, stored)}"
    return "\n".join([*lines, end])


def _what(run) -> str:
    at = "" if run.exit is None else f" at exit {run.exit}"
    return f"{run.method}{at}, seed {run.seed}"


def _summary(runs, stored) -> str:
    if not runs:
        return "nothing is trained"
    what = summary(runs, stored)
    hours = _hours(what.hours_left, stored)
    return f"{what.runs} runs, {what.finished} of them finished; {what.macs:.2g} MACs, {hours}"


def _hours(hours_left, stored) -> str:
    """Hours left, from the speed of the runs in the store and on their hardware."""
    if hours_left is None:
        return "hours unknown until a run has been timed"
    timed = stored.dropna(subset="seconds").iloc[-1]
    return f"{_rounded(hours_left)} h left on {timed.cores:g} cores ({timed.processor})"


def _rounded(value: float) -> str:
    """Two digits that count, without an exponent."""
    return f"{float(f'{value:.2g}'):g}"
