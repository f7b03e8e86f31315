"""The report from made-up runs: every table, claim and figure is there, and nothing that was not measured."""

import re
import zlib

import numpy as np
import pandas as pd
import pytest

from ann.runs.environment import cells, environment
from ann.runs.identity import run_name
from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.cells import by_cell, linear_ensemble_name, wall_clock_name
from experiments.harness.network_costs import network_exits
from experiments.harness.plan import plan
from experiments.harness.store import RunStore
from experiments.report import write_report


def exits(run_or_network, macs, *, sampled=False):
    """Errors and losses of a network that gets better with depth, its own for each name."""
    random = np.random.default_rng(zlib.crc32(run_or_network.encode()))
    count = len(macs)
    better = np.linspace(1, 0.5, count)
    return pd.DataFrame(
        {
            "run": run_or_network,
            "exit": range(count),
            "macs": macs,
            "fraction": macs / macs.iloc[-1],
            "loss": 2 * better,
            "error_top1": 60 * better + random.uniform(-5, 5, count),
            "error_top5": 20 * better,
            "training_loss": 2 * better + random.uniform(0, 0.2, count),
            "weight": 1 / better / (1 / better).max(),
            "probability": np.full(count, 1 / count) if sampled else np.nan,
            "milliseconds": 10 * macs / macs.iloc[-1],
        }
    )


def fill(store):
    """Puts everything into a `RunStore` that the quick scale needs."""
    tables, runs, sampling = {}, {}, {}
    for experiment in EXPERIMENTS.values():
        planned = plan(experiment, "quick")
        for run in planned:
            macs = network_exits(run.config.model.model, run.config.model.s, run.dataset).macs
            key = run_name(run.config)
            tables[key] = exits(key, macs, sampled=run.config.weighting.sampler is not None)
            tables[wall_clock_name(run.networks, run.dataset)] = exits(
                wall_clock_name(run.networks, run.dataset), macs
            )
            settings = {
                field: value
                for group in run.config.to_dict().values()
                for field, value in group.items()
            }
            runs[key] = (
                cells(settings)
                | cells(environment())
                | {"run": key, "seconds": 60.0, "workers": 2, "training_macs": 1e12}
            )
            if run.config.weighting.sampler:
                log = pd.DataFrame(
                    {
                        "epoch": [0, 0, 5, 5],
                        "exit": [0, 1, 0, 1],
                        "probability": [0.5, 0.5, 0.3, 0.7],
                    }
                )
                sampling[key] = log.assign(run=key)
        for group in by_cell(planned).values():
            member = tables[run_name(group[-1].config)]
            tables[linear_ensemble_name(group)] = member.assign(run=linear_ensemble_name(group))
    store.folder.mkdir(parents=True, exist_ok=True)
    pd.concat(tables.values()).to_csv(store.folder / "run_exits.csv", index=False)
    pd.DataFrame(list(runs.values())).to_csv(store.folder / "runs.csv", index=False)
    pd.concat(sampling.values()).to_csv(store.folder / "run_sampling.csv", index=False)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    fill(RunStore(folder))
    write_report(folder)
    return folder


def test_everything_measured_has_numbers_verdicts_and_figures(results):
    tables, verdicts = pd.read_csv(results / "tables.csv"), pd.read_csv(results / "verdicts.csv")
    quick = tables[tables.scale == "quick"]
    assert set(quick[quick.measured.notna()].experiment) == set(EXPERIMENTS)
    assert tables[tables.scale == "paper"].measured.isna().all()
    judged = verdicts[(verdicts.scale == "quick") & (verdicts.verdict != "–")]
    assert set(judged.experiment) == set(EXPERIMENTS)
    assert set(verdicts[verdicts.scale == "paper"].verdict) == {"–"}
    drawn = {path.name.split("-quick-")[0] for path in (results / "figures").glob("*.png")}
    assert drawn == {name for name, experiment in EXPERIMENTS.items() if experiment.figures}


def test_the_pages_show_them_all(results):
    page, markdown = (results / "report.html").read_text(), (results / "report.md").read_text()
    for name in EXPERIMENTS:
        assert f'id="{name}"' in page
        assert f"## {name}: " in markdown
    pictures = re.findall(r'src="([^"]+)"', page)
    assert len(pictures) == len(list((results / "figures").glob("*.png")))
    assert all((results / picture).exists() for picture in pictures)
    assert "nan" not in re.sub(r"<[^>]+>", " ", page).lower().split()


def test_nothing_measured_is_all_dashes(tmp_path):
    overview = write_report(tmp_path)
    assert (overview[["quick", "small", "paper"]] == "–").all(axis=None)
    assert list((tmp_path / "figures").iterdir()) == []
    line = next(
        line
        for line in (tmp_path / "report.md").read_text().splitlines()
        if line.startswith("| AdaLoss | 32.99")
    )
    assert line.split("|")[2:5] == [" 32.99 ", " – ", " – "]
