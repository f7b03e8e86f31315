import pandas as pd
import pytest

from ann import build, losses
from experiments import scheme_study
from experiments.collect import collect
from experiments.run_folder import RunFolder
from experiments.scheme_study import ROWS, folder_name, row_config, summarize


def small(label, seed=0):
    return row_config(label, seed, dataset="synthetic", examples=64, epochs=1)


def test_every_scheme_sampler_and_mode_has_a_row():
    fields = [weighting for weighting, _ in ROWS.values()]
    assert {weighting["weighting"] for weighting in fields} == set(losses.schemes())
    assert {weighting.get("sampler") for weighting in fields} == {None, *losses.samplers()}
    assert {mode for _, mode in ROWS.values()} == {"joint", "no_grad", "midfeat"}


@pytest.mark.parametrize("label", ROWS)
def test_rows_resolve(label):
    config = small(label)
    build.weighting(config, 10).initial_state(9)
    build.sampler(config, 10)


def test_folders_are_distinct():
    assert len({folder_name(label, seed) for label in ROWS for seed in range(3)}) == 3 * len(ROWS)


def test_a_run_is_taken_up_where_it_stopped(tmp_path):
    task = (small("sieve + aann"), tmp_path / "run")
    scheme_study._run(task)
    before = RunFolder(tmp_path / "run").curve.stat().st_mtime_ns
    scheme_study._run(task)
    assert RunFolder(tmp_path / "run").curve.stat().st_mtime_ns == before


def test_runs_in_the_table_are_not_run_again(tmp_path):
    path = tmp_path / "scheme_study.csv"
    sizes = {"dataset": "synthetic", "examples": 64, "epochs": 1}
    assert len(scheme_study.finished_runs(path, **sizes)) == 0
    folder = scheme_study._run((small("const", seed=1), tmp_path / "run"))
    collect([folder.path]).assign(row="const").to_csv(path, index=False)
    found = scheme_study.finished_runs(path, **sizes)
    assert set(zip(found.row, found.seed, strict=True)) == {("const", 1)}
    assert found.exit.tolist() == list(range(9))
    with pytest.raises(ValueError, match="holds other runs"):
        scheme_study.finished_runs(path, dataset="synthetic", examples=64, epochs=2)


def test_summary_by_hand(tmp_path):
    rows = []
    for label, errors in {"const": (60, 40), "opt at 1": (50, 99), "opt at 8": (99, 32)}.items():
        for seed, shift in ((0, -2), (1, 2)):
            for k, error in zip((1, 8), errors, strict=True):
                rows.append({"row": label, "seed": seed, "exit": k, "error_top1": error + shift})
    for label in ("opt at 4", "opt at 6", "const"):
        rows += [{"row": label, "seed": seed, "exit": k, "error_top1": 50.0} for seed in (0, 1) for k in (4, 6)]
    summary = summarize(pd.DataFrame(rows)).set_index("row")
    assert summary.loc["const", "error 0.25"] == 60
    assert summary.loc["const", "std 0.25"] == pytest.approx(8**0.5)  # 58 and 62
    assert summary.loc["const", "increase 0.25"] == pytest.approx(20)
    assert summary.loc["const", "increase 1"] == pytest.approx(25)
    assert summary.loc["const", "AE"] == pytest.approx((60 + 50 + 50 + 40) / 4)
    assert summary.loc["opt", "error 1"] == 32
    scheme_study.plot(summary.reset_index(), tmp_path / "figure.png")
    assert (tmp_path / "figure.png").exists()
