"""What there is to run, for the terminal: the list of all experiments, and the plan of some."""

import functools

from ann.runs.identity import run_name
from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.plan import plan, summary, training_macs
from experiments.harness.store import RunStore

# Many tables share their runs.
_name = functools.cache(run_name)


def list_experiments(store: RunStore) -> str:
    """Every experiment: what it shows and claims, and at each scale its runs, MACs and hours."""
    lines, stored = [], store.runs()
    for name, experiment in EXPERIMENTS.items():
        lines += [f"{name}  ({experiment.source})", f"    {experiment.title}"]
        lines += [f"    claim: {claim.text}" for claim in experiment.claims]
        lines += [
            f"    {scale}: {_summary([name], scale, stored)}" for scale in experiment.settings
        ]
        lines.append("")
    return "\n".join(lines)


def plan_as_text(names, scale: str, store: RunStore) -> str:
    """Every run of these experiments with its MACs and whether it is finished, and what all of them
    still need."""
    stored, lines = store.runs(), []
    for name in names:
        lines.append(f"{name}, {scale}: {_summary([name], scale, stored)}")
        for run in plan(EXPERIMENTS[name], scale):
            state = "finished" if _name(run.config) in stored.index else "to do"
            at = "" if run.exit is None else f" at exit {run.exit}"
            what = f"{run.method}{at}, {run.config.model.model}, {run.dataset}, seed {run.seed}"
            lines.append(f"    {state:8}  {training_macs(run.config):8.2g} MACs  {what}")
    whole = _summary(names, scale, stored)
    return "\n".join([*lines, f"all, with runs that they share once: {whole}"])


def _summary(names, scale, stored) -> str:
    runs = [run for name in names for run in plan(EXPERIMENTS[name], scale)]
    if not runs:
        return "nothing is trained"
    what = summary(runs, stored, _name)
    hours = _hours(what, stored)
    return f"{what.runs} runs, {what.finished} of them finished; {what.macs:.2g} MACs, {hours}"


def _hours(what, stored) -> str:
    """Hours left, from the speed of the runs in the store and on their hardware."""
    if what.hours_left is None:
        return "hours unknown until a run has been timed"
    timed = stored.dropna(subset="seconds").iloc[-1]
    return f"{what.hours_left:.2g} h left on {timed.cores:g} cores ({timed.processor})"
