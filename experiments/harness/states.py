"""The state of each claim over all scales, and how many are in which state, paper by paper."""

import pandas as pd

from experiments.harness import verdicts as judged
from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.declaration import SCALES

NOT_COUNTED, ONE_SEED = "not counted", "one seed"
NOT_MEASURED = "not measured"
STATES = (
    judged.HELD,
    judged.NOT_HELD,
    judged.WITHOUT,
    judged.UNDECIDED,
    judged.TIE,
    ONE_SEED,
    NOT_COUNTED,
    NOT_MEASURED,
)
PAPERS = {
    "001": "001 AdaLoss",
    "000": "000 draft of 001",
    "002": "002 SIEVE",
    "003": "003 EXP-LIN",
    "ours": "our studies",
}
# From the most to the least telling.
_KINDS = (
    (judged.HELD, judged.NOT_HELD, judged.WITHOUT),
    (judged.UNDECIDED, judged.TIE),
    (ONE_SEED,),
)


def claim_states(sections) -> pd.DataFrame:
    """One row per declared claim, with the verdict of the largest scale that decides it.

    Args:
        sections: all sections, once `sections.count_once` has marked what repeats another.

    Returns:
        DataFrame `paper`, `experiment`, `source`, `state`, `scale` (empty where nothing counts),
        `repeats` (the experiment that counts the same evidence, or empty), and the columns of the
        verdict.
    """
    rows = []
    for name, experiment in EXPERIMENTS.items():
        of_name = {one.scale: one.verdicts for one in sections if one.name == name}
        for index in range(len(experiment.claims)):
            found = [(scale, of_name[scale].iloc[index]) for scale in SCALES if scale in of_name]
            rows.append(
                {"paper": experiment.paper, "experiment": name, "source": experiment.source}
                | _state(found)
            )
    return pd.DataFrame(rows)


def _state(found) -> dict:
    """The verdict that stands for a claim: of the largest scale of the most telling kind."""
    counted = [(scale, row) for scale, row in found if not row.not_counted]
    for kind in _KINDS:
        for scale, row in reversed(counted):
            if _kind(row.verdict) in kind:
                return _as_row(_kind(row.verdict), scale, row)
    measured = [(scale, row) for scale, row in found if row.verdict in judged.MEASURED]
    for scale, row in reversed(measured):
        if row.not_counted.startswith("the same runs as in "):
            repeats = row.not_counted.removeprefix("the same runs as in ")
            return _as_row(_kind(row.verdict), scale, row) | {"repeats": repeats}
    if measured:
        scale, row = measured[-1]
        return _as_row(NOT_COUNTED, scale, row)
    return _as_row(NOT_MEASURED, "", found[-1][1])


def _kind(verdict):
    return ONE_SEED if verdict in (judged.AS_CLAIMED, judged.OTHER_WAY) else verdict


def _as_row(state, scale, row) -> dict:
    return {"state": state, "scale": scale, "repeats": "", **row.to_dict()}


def counts(states: pd.DataFrame) -> pd.DataFrame:
    """How many claims of each paper, and of all together, are in which state; what repeats another
    claim's evidence is in a column of its own."""
    rows = []
    of_papers = {title: states[states.paper == paper] for paper, title in PAPERS.items()}
    for title, own in (of_papers | {"all": states}).items():
        if own.empty:
            continue
        of_state = own[own.repeats == ""].state.value_counts()
        row = {"paper": title, "declared": len(own)}
        row |= {state: int(of_state.get(state, 0)) for state in STATES}
        rows.append(row | {"counted elsewhere": int((own.repeats != "").sum())})
    return pd.DataFrame(rows)
