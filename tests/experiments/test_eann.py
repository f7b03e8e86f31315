import pandas as pd
import pytest

from ann.runs import build
from ann.runs.folder import RunFolder, RunFolderError
from experiments import cost_inflation, eann


def test_every_run_resolves_and_serves_something():
    runs = eann.run_labels()
    assert {n for n, k in runs if k is None} == {1, 2, 4}
    # 1/4, 1/2, 3/4 and all of 3, 6 and 12 units, and the final exit of n = 3.
    opt = {n: [k for m, k in runs if m == n and k is not None] for n in eann.PLAIN}
    assert opt == {1: [0, 1, 2], 2: [1, 2, 3, 5], 3: [8], 4: [2, 5, 8, 11]}
    for (n, _), weighting in runs.items():
        config = eann.run_config(
            n, weighting, dataset="synthetic", examples=None, epochs=1, c=4, seed=0
        )
        build.weighting(config, 1).initial_state(3 * n)


def test_runs_of_another_size_are_not_taken_for_these(tmp_path):
    size = {"dataset": "synthetic", "examples": 64, "c": 2, "seed": 0}
    weighting = eann.run_labels()[(1, None)]
    RunFolder(tmp_path / "run").open(eann.run_config(1, weighting, epochs=1, **size), resume=False)
    with pytest.raises(RunFolderError, match="epochs=1 instead of 2"):
        eann._run((eann.run_config(1, weighting, epochs=2, **size), tmp_path / "run"))


def curve(macs, errors):
    return pd.DataFrame({"exit": range(len(macs)), "macs": macs, "error_top1": errors})


def test_opt_plus_takes_each_run_at_its_exit_and_never_rises():
    runs = {
        (1, None): curve([1], [0]),
        (1, 0): curve([10, 20], [30, 1]),
        (2, 1): curve([5, 40], [2, 35]),
        (2, 0): curve([15], [20]),
    }
    best = eann.opt_plus(runs)
    assert best.macs.tolist() == [10, 15, 40]
    assert best.error_top1.tolist() == [30, 20, 20]


def test_errors_at_the_same_budgets_are_those_of_the_latest_answers():
    table = eann.same_budgets(
        {"member n=4": curve([20, 40], [50, 30]), "EANN": curve([10, 50], [45, 20])}
    ).set_index("network")
    assert table.loc["member n=4", ["0.5", "0.75", "1", "end"]].tolist() == [50, 50, 30, 30]
    assert table.loc["EANN"].tolist() == [45, 45, 45, 45, 20]


def test_proposition_figure_and_table(tmp_path):
    table = cost_inflation.table()
    one = table[table.workers == 1]
    assert one.sup_exact.tolist() == pytest.approx(one.sup_printed.tolist(), rel=1e-4)
    assert (table.mean_exact <= table.mean_printed * (1 + 1e-12)).all()
    cost_inflation.plot(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
