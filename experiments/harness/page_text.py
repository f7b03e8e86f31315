"""What both forms of the report say: words, and what comes in which order."""

import pandas as pd

from experiments.harness import verdicts as judged
from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.sections import claim_text, evidence_text, interval_text, number
from experiments.harness.states import PAPERS

TITLE = "Tables and figures of the papers"
INTRODUCTION = (
    "Published numbers beside ours, and the state of each claim. A claim speaks of a difference, "
    "which is paired by setting and seed. It held, or did not hold, if the 95 % interval of the "
    "mean difference says so; otherwise it is not decided. One seed gives only a direction. "
    "Stand-ins (other data, or networks of another kind, in place of the paper's) and printed "
    "sizes at the small scales are shown and not counted, and evidence that several tables share "
    "is counted once. A dash is what is not printed or not measured."
)


def by_experiment(sections):
    """The measured sections of each experiment that has one; and, of each other experiment, its
    last section, which has the published numbers."""
    measured, rest = {}, {}
    for name in EXPERIMENTS:
        of_name = [one for one in sections if one.name == name]
        shown = [one for one in of_name if one.measured]
        if shown:
            measured[name] = shown
        else:
            rest[name] = of_name[-1]
    return measured, rest


def decided_claims(states: pd.DataFrame) -> pd.DataFrame:
    """The claims that held or did not hold, paper by paper, each with its numbers."""
    kinds = (judged.HELD, judged.NOT_HELD, judged.WITHOUT)
    chosen = states[states.state.isin(kinds) & (states.repeats == "")]
    chosen = chosen.sort_values(
        "paper", key=lambda column: column.map(list(PAPERS).index), kind="stable"
    )
    return claims_table(chosen)


def claims_table(chosen: pd.DataFrame) -> pd.DataFrame:
    """Claims over all scales, as text."""
    rows = list(chosen.itertuples())
    return pd.DataFrame(
        {
            "source": [row.source for row in rows],
            "claim": [claim_text(row) for row in rows],
            "state": [row.state for row in rows],
            "scale": [row.scale for row in rows],
            "ours": [number(row.measured, "+") for row in rows],
            "95 % interval": [interval_text(row) for row in rows],
            "pairs": [evidence_text(row) for row in rows],
            "published": [number(row.published, "+") for row in rows],
        }
    )
