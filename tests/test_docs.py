"""What the docs tell to type works."""

import pathlib
import re

import keras
import numpy as np
import pandas as pd
import pytest

from ann import losses, models
from ann.losses import LossCombiner
from benchmarks import attach_matrix
from examples.small_cnn import small_cnn
from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.plan import plan
from experiments.harness.readme_table import CLAIMS, readme_table, write_readme_table

ROOT = pathlib.Path(__file__).parent.parent


def code_blocks(path):
    return re.findall(r"```python\n(.*?)```", path.read_text(), flags=re.DOTALL)


def test_the_scheme_of_the_docs_can_be_added_trained_saved_and_resumed(
    tmp_path, dense_chain, random
):
    names = {"__name__": "docs"}
    (code,) = code_blocks(ROOT / "docs" / "add_a_scheme.md")
    exec(code, names)  # the page's own code
    combiner = LossCombiner(names["WorstFirst"](rate=4.0), 3)
    for values in ([3, 2, 1], [3, 2, 1], [1, 2, 3], [3, 2, 1]):
        combiner(np.array(values, "float32"), training=True)
    # Worst: exit 0 three times, exit 2 once: 1 + 4 (3/4, 0, 1/4) over 4.
    np.testing.assert_allclose(combiner.exit_weights, [1, 0.25, 0.5])

    model = dense_chain()
    model.compile(optimizer="sgd", weighting=names["WorstFirst"](rate=2.0))
    model.fit(random.normal(size=(12, 4)), random.integers(0, 3, 12), batch_size=4, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.loss_combiner.scheme.rate == 2.0
    assert int(loaded.loss_combiner.state["steps"]) == 3


def test_finished_runs_are_compared(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    columns = {"exit": [0, 1], "macs": [10, 20], "fraction": [0.5, 1.0], "loss": [1.0, 0.5]}
    curve = pd.DataFrame({**columns, "error_top1": [20.0, 10.0], "error_top5": [2.0, 1.0]})
    for name in ("const", "adaloss"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        curve.to_csv(tmp_path / "runs" / name / "curve.csv", index=False)
    (code,) = [one for one in code_blocks(ROOT / "docs" / "training.md") if "curve.csv" in one]
    exec(code, {})
    assert (tmp_path / "curves.png").exists()
    assert "<title>adaloss: exit 1, " in (tmp_path / "curves.html").read_text()


def test_a_tracker_gets_every_epoch(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    seen = []

    class Tracker:
        def log(self, logs, step):
            seen.append((step, logs["val_exit_02_error"]))

    (code,) = [one for one in code_blocks(ROOT / "docs" / "training.md") if "tracker" in one]
    assert '"epochs": 40' in code
    code = code.replace('"epochs": 40', '"epochs": 2, "model": "resann-n1-c4"')
    exec(code, {"tracker": Tracker()})
    log = pd.read_csv(tmp_path / "runs" / "mine" / "epochs.csv")
    assert [step for step, _ in seen] == log.epoch.tolist() == [0, 1]
    assert [error for _, error in seen] == pytest.approx(log.val_exit_02_error.tolist())


def test_the_page_on_attaching_exits_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    exec("\n".join(code_blocks(ROOT / "docs" / "attach_exits.md")), names)
    assert names["model"].num_exits == 3
    assert len(names["errors"]) == 3
    assert names["answer"].logits.shape == (10,)
    assert names["table"].unit.max() > 3
    names["plain"].get_layer("expanded_conv_2_add")


def test_the_page_on_attaching_exits_shows_the_measured_table():
    table = pd.read_csv(ROOT / attach_matrix.PATH, index_col="family", dtype=str)
    assert attach_matrix.markdown(table) in (ROOT / "docs" / "attach_exits.md").read_text()


def test_the_page_on_several_tasks_shows_the_measured_table():
    table = pd.read_csv(ROOT / "experiments/results/benchmark_several_tasks.csv")
    means = table.groupby(["method", "task"], sort=False).error.mean().unstack()
    means = means[["digit", "half", "ink"]].assign(mean=means.mean(axis=1))
    page = (ROOT / "docs" / "several_tasks.md").read_text()
    for method, row in means.round(1).iterrows():
        assert f"| {' | '.join(map(str, row))} |" in page, method


def test_the_page_on_several_tasks_runs():
    names = {}
    (code,) = code_blocks(ROOT / "docs" / "several_tasks.md")
    exec(code, names)
    assert set(names["model"].task_weights) == {"digit", "ink"}
    assert "digit_accuracy" in names["history"].history


def test_the_pages_on_recipes_and_presets_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    for page in ("recipe", "presets"):
        (code,) = code_blocks(ROOT / "docs" / f"{page}.md")
        exec(code, names)
    assert names["again"].num_exits == 3
    assert "Ten classes" in (tmp_path / "mine" / "README.md").read_text()


def test_the_family_of_the_docs_is_its_file_and_its_line(monkeypatch, random):
    names = {"__name__": "docs"}
    page = ROOT / "docs" / "add_a_family.md"
    (code,) = code_blocks(page)
    exec(code, names)
    (line,) = re.findall(r'^    (r"mixann.*": mixann),$', page.read_text(), re.MULTILINE)
    monkeypatch.setattr(models, "_FAMILIES", {**models._FAMILIES, **eval(f"{{{line}}}", names)})
    model = models.build("mixann-n4-c8", s=2, num_classes=3)
    assert (model.num_exits, model.num_classes, model.name) == (2, 3, "mixann_n4_c8")
    model.compile(optimizer="sgd", weighting="adaloss")
    history = model.fit(random.normal(size=(8, 32, 32, 3)), random.integers(0, 3, 8), verbose=0)
    assert np.isfinite(history.history["loss"][0])
    with pytest.raises(ValueError, match=r"takes \['n', 'c', 's', .* Received: depth=3"):
        models.build("mixann-n4-c8", depth=3)

    def broken(*, n, c, name=None):
        return len(n)  # a TypeError of its own is not taken for a wrong argument

    monkeypatch.setitem(models._FAMILIES, r"broken-n(?P<n>\d+)-c(?P<c>\d+)", broken)
    with pytest.raises(TypeError, match="has no len"):
        models.build("broken-n1-c1")


def test_the_experiment_of_the_docs_can_be_planned():
    names = {}
    (code,) = code_blocks(ROOT / "docs" / "reproduce.md")
    exec(code, names)
    runs = plan(names["EXPERIMENT"], "small")
    assert len(runs) == 2 * (4 + 2)  # two seeds, OPT at four exits and two weightings
    assert {run.config.weighting.final_extra for run in runs if run.method == "heavier end"} == {
        1.0
    }


def test_the_page_on_weightings_lists_every_scheme_and_sampler():
    page = (ROOT / "docs" / "weightings.md").read_text()
    for name in (*losses.schemes(), *losses.samplers()):
        assert f"| `{name}` |" in page, name


def test_the_readmes_python_runs(random, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    models.build("resann-n1-c4").save_to_preset(
        "presets/mine", normalization=([0.0] * 3, [1.0] * 3)
    )
    images, labels = random.normal(size=(4, 32, 32, 3)).astype("float32"), random.integers(0, 10, 4)
    names = {"images": images, "labels": labels, "image": images[0], "pixels": images}
    names["plain"] = small_cnn((32, 32, 3), 10, units=2, width=4)
    # Smaller networks and less of everything; the code is the README's.
    mobilenet = "MobileNetV2(input_shape=(96, 96, 3), classes=10, weights=None)"
    smaller = {
        '"dataset": "cifar10"': '"dataset": "digits", "epochs": 1',
        "resann-n9-c16": "resann-n1-c4",
        "epochs=5": "epochs=1",
        f"keras.applications.{mobilenet}": "plain",
    }
    blocks = code_blocks(ROOT / "README.md")
    assert all(any(own in block for block in blocks) for own in smaller)
    for block in blocks:
        assert len(block.splitlines()) <= 12  # ten lines or so
        for own, less in smaller.items():
            block = block.replace(own, less)
        exec(block, names)
    assert set(names["curves"]) == {"const", "adaloss"}
    assert (tmp_path / "curves.png").exists()
    assert names["answer"].exit == 2
    assert len(names["logits"]) == 3
    assert (tmp_path / "anytime.keras").exists()


def test_the_readmes_table_names_what_is_declared_and_is_made_by_the_report(tmp_path):
    claims = pd.read_csv(ROOT / "experiments" / "results" / "claims.csv", dtype={"paper": str})
    table = readme_table(claims)
    lines = [line for line in (ROOT / "README.md").read_text().splitlines() if line[:2] == "| "]
    assert [line.split(" | ")[1] for line in lines] == [
        line.split(" | ")[1] for line in table.splitlines() if line[:2] == "| "
    ]
    assert set(CLAIMS) <= set(EXPERIMENTS)
    copy = tmp_path / "README.md"
    copy.write_text("before\n<!-- made by make report -->\nan earlier table\n<!-- end -->\nafter\n")
    write_readme_table(copy, claims)
    assert copy.read_text().startswith("before\n<!-- made by make report -->\n\n| paper |")
    assert copy.read_text().endswith("|\n\n<!-- end -->\nafter\n")
    assert "an earlier table" not in copy.read_text()


def test_links_lead_somewhere():
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("experiments/**/*.md")):
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page}: {target}"
