"""The README's table: some claims of the papers, what is published, ours, the verdict."""

import pathlib

import pandas as pd

from ann.atomic_write import atomic_path
from experiments.harness.page_text import claims_table

# Experiment: the claim. Those that the papers are known for, whatever became of them here.
CLAIMS = {
    "adaloss_fig1": ["CONST ends above OPT"],
    "adaloss_table1": [
        "CONST's gap widens from 1/4 to the end",
        "AdaLoss is below CONST at the end",
        "AdaLoss is below LINEAR at the end",
    ],
    "adaloss_table2": ["MSDNet38 trades with AdaLoss: better at the end"],
    "adaloss_fig5a": ["at half of its cost the small network has the lower error"],
    "adaloss_fig6a": ["the EANN is better than its largest network early, at 1/4"],
    "adaloss_proposition": ["sup C is 2 + 1/(b-1)"],
    "sieve_table1": [
        "CIFAR-10: sieve ends near the optimal, within a point",
        "CIFAR-10: no-grad is not afterwards: above the optimal at the end",
    ],
    "sieve_table2b": ["the gap of ANN closes from 1/4 to the end"],
    "sieve_table5": ["AANN improves the performance at half"],
    "exp_lin_schemes": ["EXP-LIN ends below CONST"],
}
BEGIN, END = "<!-- made by make report -->\n", "<!-- end -->\n"


def readme_table(states: pd.DataFrame) -> str:
    """The table as Markdown.

    Args:
        states: as returned by `claim_states`.
    """
    lines = ["| paper | claim | make | published | ours | verdict |", "|---|---|---|---|---|---|"]
    for experiment, claims in CLAIMS.items():
        for claim in claims:
            chosen = states[(states.experiment == experiment) & (states.claim == claim)]
            (text,) = claims_table(chosen).to_dict("records")
            interval = "" if text["95 % interval"] in ("–", "exact") else text["95 % interval"]
            ours = f"{text['ours']} [{interval}]" if interval else text["ours"]
            made = f"{text['state']} ({text['scale']})" if text["scale"] else text["state"]
            target = f"`{experiment.replace('_', '-')}`"
            row = (text["source"], claim, target, text["published"], ours, made)
            lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines) + "\n"


def write_readme_table(path, states: pd.DataFrame) -> None:
    """Puts the table between its marks in a Markdown file."""
    before, rest = pathlib.Path(path).read_text().split(BEGIN)
    _, after = rest.split(END)
    with atomic_path(path) as temporary:
        temporary.write_text(before + BEGIN + "\n" + readme_table(states) + "\n" + END + after)
