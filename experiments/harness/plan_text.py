"""What there is to run, for the terminal: the list of all experiments, and the plan of some."""

from ann.runs.identity import run_name
from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.declaration import SCALES
from experiments.harness.plan import plan, summary, training_macs
from experiments.harness.store import RunStore


def list_experiments(store: RunStore) -> str:
    """Every experiment: what it shows and claims, and at each scale its runs, MACs and hours."""
    lines = []
    for name, experiment in EXPERIMENTS.items():
        lines += [f"{name}  ({experiment.source})", f"    {experiment.title}"]
        lines += [f"    claim: {claim.text}" for claim in experiment.claims]
        lines += [f"    {scale}: {_summary([name], scale, store)}" for scale in SCALES] + [""]
    return "\n".join(lines)


def plan_as_text(names, scale: str, store: RunStore) -> str:
    """Every run of these experiments with its MACs and whether it is finished, and what all of them still need."""
    finished, lines = set(store.runs().index), []
    for name in names:
        lines.append(f"{name}, {scale}: {_summary([name], scale, store)}")
        for run in _trained(name, scale):
            state = "finished" if run_name(run.config) in finished else "to do"
            at = "" if run.exit is None else f" at exit {run.exit}"
            what = f"{run.method}{at}, {run.config.model.model}, {run.dataset}, seed {run.seed}"
            lines.append(f"    {state:8}  {training_macs(run.config):8.2g} MACs  {what}")
    return "\n".join(
        [*lines, f"all, with runs that they share once: {_summary(names, scale, store)}"]
    )


def _trained(name, scale):
    return [] if EXPERIMENTS[name].measure == "milliseconds" else plan(EXPERIMENTS[name], scale)


def _summary(names, scale, store) -> str:
    runs = [run for name in names for run in _trained(name, scale)]
    if not runs:
        return "nothing is trained, minutes"
    what = summary(runs, store.runs(), run_name)
    return f"{what.runs} runs, {what.finished} of them finished; {what.macs:.2g} MACs, {_hours(what, store)}"


def _hours(what, store) -> str:
    """Hours left, from the speed of the runs in the store and on their hardware."""
    if what.hours_left is None:
        return "hours unknown until a run was timed"
    timed = store.runs().dropna(subset="seconds").iloc[-1]
    return f"{what.hours_left:.2g} h left on {timed.cores:g} cores ({timed.processor})"
