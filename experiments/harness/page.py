"""The report: what is decided first, then each table beside the paper's, its claims, its
figures."""

import pathlib

import pandas as pd
from tqdm import tqdm

from ann.atomic_write import atomic_path
from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.page_html import as_html
from experiments.harness.page_markdown import as_markdown
from experiments.harness.sections import count_once, section
from experiments.harness.states import claim_states, counts
from experiments.harness.store import RunStore
from experiments.harness.verdicts import COLUMNS

_NUMBERS = ["published", "measured", "difference", "std", "seeds", "settings", "of_settings"]
_TABLE = ["experiment", "scale", "dataset", "networks", "method", "cost", *_NUMBERS]


def write_pages(folder: pathlib.Path) -> pd.DataFrame:
    """Writes report.html, report.md, tables.csv, verdicts.csv, claims.csv and the pictures in
    figures/.

    Args:
        folder: the results, with the files of a `RunStore`.

    Returns:
        How many claims of each paper are in which state.
    """
    stored, figures_dir = RunStore(folder).read(), folder / "figures"
    figures_dir.mkdir(parents=True, exist_ok=True)
    wanted = [(name, scale) for name, one in EXPERIMENTS.items() for scale in one.settings]
    sections = count_once(
        [
            section(name, scale, stored, folder, figures_dir)
            for name, scale in tqdm(wanted, desc="tables")
        ]
    )
    states = claim_states(sections)
    _write(folder / "tables.csv", _all(sections, "table", _TABLE))
    _write(folder / "verdicts.csv", _all(sections, "verdicts", ["experiment", "scale", *COLUMNS]))
    _write(folder / "claims.csv", states.round(4).to_csv(index=False))
    _write(folder / "report.md", as_markdown(sections, states))
    _write(folder / "report.html", as_html(sections, states))
    return counts(states)


def _all(sections, what, columns) -> str:
    frames = [
        getattr(one, what).assign(experiment=one.name, scale=one.scale)
        for one in sections
        if len(getattr(one, what))
    ]
    return pd.concat(frames).reindex(columns=columns).round(4).to_csv(index=False)


def _write(path, text):
    with atomic_path(path) as temporary:
        temporary.write_text(text)
