"""The report from made-up runs: every table, claim and figure is there, and nothing that was not
measured."""

import pathlib
import re
import zlib

import numpy as np
import pandas as pd
import pytest

from ann.runs.environment import cells, environment
from experiments.harness.answers import by_cell, linear_ensemble_name, on_test_images_name
from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.network_costs import network_exits
from experiments.harness.page import write_pages
from experiments.harness.plan import plan
from experiments.harness.store import RunStore
from experiments.harness.untrained import SEVERAL_TASKS, WALL_CLOCK
from experiments.harness.verdicts import (
    AS_CLAIMED,
    HELD,
    MEASURED,
    NOT_HELD,
    OTHER_WAY,
    TIE,
    UNDECIDED,
    WITHOUT,
)

QUICK = [name for name, experiment in EXPERIMENTS.items() if "quick" in experiment.settings]


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
        }
    )


def fill(store):
    """Puts everything into a `RunStore` that the quick scale needs."""
    tables, runs, sampling, made_with = {}, {}, {}, cells(environment())
    for name in QUICK:
        planned = plan(EXPERIMENTS[name], "quick")
        for run in planned:
            macs = network_exits(run.config.model.model, run.config.model.s, run.dataset).macs
            key, tested = run.name, on_test_images_name(run)
            sampled = run.config.weighting.sampler is not None
            tables[key] = exits(key, macs, sampled=sampled)
            tables[tested] = exits(tested, macs)
            settings = {
                field: value
                for group in run.config.to_dict().values()
                for field, value in group.items()
            }
            made = {"run": key, "seconds": 60.0, "workers": 2, "training_macs": 1e12}
            runs[key] = cells(settings) | made_with | made
            if sampled:
                log = {"epoch": [0, 0, 5, 5], "exit": [0, 1, 0, 1]}
                log = pd.DataFrame(log).assign(probability=[0.5, 0.5, 0.3, 0.7])
                sampling[key] = log.assign(run=key)
        for group in by_cell(planned).values():
            member = tables[group[-1].name]
            tables[linear_ensemble_name(group)] = member.assign(run=linear_ensemble_name(group))
    store.folder.mkdir(parents=True, exist_ok=True)
    pd.concat(tables.values()).to_csv(store.folder / "run_exits.csv", index=False)
    pd.DataFrame(list(runs.values())).to_csv(store.folder / "runs.csv", index=False)
    pd.concat(sampling.values()).to_csv(store.folder / "run_sampling.csv", index=False)
    clock = [
        {"dataset": "cifar10", "model": model, "exit": exit, "milliseconds": exit + 1.0}
        for model in EXPERIMENTS["exp_lin_wall_clock"].settings["quick"].networks
        for exit in range(3)
    ]
    pd.DataFrame(clock).to_csv(store.folder / WALL_CLOCK, index=False)
    study = EXPERIMENTS["several_tasks_study"]
    tasks = [
        {
            "method": row.method,
            "seed": seed,
            "epochs": 30,
            "task": task,
            "error": index + seed + 1.0,
        }
        for index, row in enumerate(study.rows)
        for seed in range(3)
        for task in ("digit", "half", "ink")
    ]
    pd.DataFrame(tasks).to_csv(store.folder / SEVERAL_TASKS, index=False)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    fill(RunStore(folder))
    write_pages(folder)
    return folder


def test_everything_measured_has_numbers_verdicts_and_figures(results):
    tables, verdicts = pd.read_csv(results / "tables.csv"), pd.read_csv(results / "verdicts.csv")
    quick = tables[tables.scale == "quick"]
    assert set(quick[quick.measured.notna()].experiment) == set(QUICK)
    trained = [name for name, experiment in EXPERIMENTS.items() if experiment.is_trained]
    paper = (tables.scale == "paper") & tables.experiment.isin(trained)
    assert tables[paper].measured.isna().all()
    judged = verdicts[(verdicts.scale == "quick") & (verdicts.verdict != "–")]
    # The claims of Fig. 6c are of data sets that the quick scale does not have.
    judged_at_quick = {name for name in QUICK if EXPERIMENTS[name].claims} - {"adaloss_fig6c"}
    assert set(judged.experiment) == judged_at_quick
    assert set(judged.verdict) <= set(MEASURED)
    drawn = {path.name.split("-quick-")[0] for path in (results / "figures").glob("*-quick-*.png")}
    assert drawn == {name for name in QUICK if EXPERIMENTS[name].figures}


def test_one_seed_is_never_a_verdict(results):
    verdicts = pd.read_csv(results / "verdicts.csv")
    trained = [name for name, experiment in EXPERIMENTS.items() if experiment.is_trained]
    single = verdicts[(verdicts.seeds == 1) & verdicts.experiment.isin(trained)]
    assert len(single)
    assert set(single.verdict) <= {AS_CLAIMED, OTHER_WAY, "tie"}


def test_each_claim_is_counted_once(results):
    claims = pd.read_csv(results / "claims.csv")
    assert len(claims) == sum(len(one.claims) for one in EXPERIMENTS.values())
    decided = claims[claims.state.isin(["held", "did not hold"]) & claims.repeats.isna()]
    assert not decided.not_counted.notna().any()
    repeated = claims[claims.repeats.notna()].experiment
    assert {"sieve_table5", "scheme_study"} <= set(repeated)  # of sieve_table2a and 2b


def test_the_pages_show_them_all(results):
    page, markdown = (results / "report.html").read_text(), (results / "report.md").read_text()
    for name in EXPERIMENTS:
        assert f'id="{name}"' in page
        assert f"## {name}: " in markdown
    pictures = re.findall(r'(?:src|href)="(figures/[^"]+)"', page)
    assert len(pictures) == len(list((results / "figures").glob("*.png")))
    assert all((results / picture).exists() for picture in pictures)
    curves = list((results / "figures").glob("*-curves*.png"))
    assert page.count('<figure class="curves">') == len(curves) > 0
    assert ", mean of 3 seeds</title>" in page
    assert "nan" not in re.sub(r"<[^>]+>", " ", page).lower().split()
    assert (
        page.index("Decided claims") < page.index("Not decided (") < page.index('id="adaloss_fig1"')
    )


def test_nothing_measured_is_dashes_below_what_is_exact(tmp_path):
    counts = write_pages(tmp_path).set_index("paper")
    assert counts.loc["002 SIEVE", "not measured"] == counts.loc["002 SIEVE", "declared"]
    assert counts.loc["001 AdaLoss", "held"] == 6  # Proposition 4.1
    drawn = {path.name for path in (tmp_path / "figures").iterdir()}
    assert drawn == {"adaloss_proposition-paper-cost_ratio.png"}
    markdown = (tmp_path / "report.md").read_text()
    line = next(one for one in markdown.splitlines() if one.startswith("| AdaLoss | 32.99"))
    assert line.split("|")[2:5] == [" 32.99 ", " – ", " – "]


def test_the_results_say_how_many_claims_are_decided():
    folder = pathlib.Path(__file__).parent.parent.parent.parent / "experiments" / "results"
    claims = pd.read_csv(folder / "claims.csv", dtype={"paper": str}).fillna({"repeats": ""})
    lines = (folder / "README.md").read_text().splitlines()
    for title in (*claims.paper.unique(), "all"):
        own = claims if title == "all" else claims[claims.paper == title]
        of_state = own[own.repeats == ""].state.value_counts()
        numbers = [
            len(own),
            of_state.reindex([HELD, NOT_HELD, WITHOUT]).sum(),
            of_state.reindex([UNDECIDED, TIE]).sum(),
            *of_state.reindex(["one seed", "not counted", "not measured"]).fillna(0),
            (own.repeats != "").sum(),
        ]
        name = {"ours": "our studies"}.get(title, title)
        assert f"| {name} | {' | '.join(f'{one:g}' for one in numbers)} |" in lines


def test_a_cell_from_part_of_the_settings_says_so(results):
    tables = pd.read_csv(results / "tables.csv")
    row = tables[(tables.experiment == "adaloss_table1") & (tables.scale == "quick")].iloc[0]
    assert (row.settings, row.of_settings) == (1, 1)
    assert "settings)" not in (results / "report.md").read_text()
