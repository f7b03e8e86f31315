"""Every declared table and figure: its runs resolve, what it speaks of exists, two training steps of each run work."""

import ast
import dataclasses
import pathlib

import numpy as np
import pandas as pd
import pytest

from ann import data, losses
from ann.runs import build
from ann.runs.identity import run_name
from experiments import papers
from experiments.harness import network_costs, published
from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.declaration import END, SCALES, Claim, Experiment, Row, Settings
from experiments.harness.network_costs import network_exits
from experiments.harness.plan import config_of, networks, plan, summary, training_macs
from experiments.harness.scales import DATASETS
from experiments.harness.verdicts import published_table

FOLDER = pathlib.Path(papers.__file__).parent
STUDIES = (
    "scheme_study",
    "scheme_study_errors",
    "training_length_study",
    "depth_study",
)  # this project's own
SHARED = {
    "__init__",
    "networks",
    "samplers",
    "small_against_large",
}  # what several declarations use
TINY = {
    "resann": "resann-n1-c4",
    "denseann": "denseann-n1-g4",
    "msdnet": "msdnet-cifar-b2",
}  # what builds in no time
every_experiment = pytest.mark.parametrize("name", EXPERIMENTS)


def tiny(experiment: Experiment) -> Experiment:
    """The quick scale on the smallest networks, one seed."""
    quick = experiment.settings["quick"]
    family = lambda name: TINY[name.split("-")[0]]
    smaller = [
        family(one) if isinstance(one, str) else tuple(map(family, one)) for one in quick.networks
    ]
    settings = dataclasses.replace(quick, networks=tuple(smaller), seeds=1)
    return dataclasses.replace(experiment, settings=dict(experiment.settings) | {"quick": settings})


def test_every_module_of_the_papers_is_in_the_catalogue():
    modules = {path.stem for path in FOLDER.glob("*.py")} - SHARED
    assert modules | set(STUDIES) == set(EXPERIMENTS)
    # 001: Fig. 1, 3, 5a-f, 6a-c, Tables 1-5; 002: Tables 1-6, Fig. 2e, 4; 003: four comparisons and
    # the clock.
    assert {name.split("_")[0] for name in modules} == {"adaloss", "sieve", "exp"}
    assert [
        sum(name.startswith(prefix) for name in modules)
        for prefix in ("adaloss", "sieve", "exp_lin")
    ] == [16, 9, 5]


def test_declarations_import_no_framework():
    others = ("declaration", "scales", *STUDIES)
    allowed = {"experiments", "dataclasses", "collections", "typing", "__future__"}
    for path in [*FOLDER.glob("*.py"), *(FOLDER.parent / f"{name}.py" for name in others)]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = (
                    [node.module]
                    if isinstance(node, ast.ImportFrom)
                    else [alias.name for alias in node.names]
                )
                assert {name.split(".")[0] for name in names} <= allowed, path


@every_experiment
@pytest.mark.parametrize("scale", SCALES)
def test_runs_resolve(name, scale):
    runs = plan(EXPERIMENTS[name], scale)
    assert runs
    for run in runs:
        exits = len(network_exits(run.config.model.model, run.config.model.s, run.dataset))
        state = build.weighting(run.config, 10).initial_state(exits)
        assert state is not None
        build.sampler(run.config, 10)
        assert run.exit is None or 0 <= run.exit < exits
        assert run.dataset in data.names()
        assert training_macs(run.config) > 0
    cells = {
        (run.dataset, run.networks, run.method, run.seed, run.member, run.exit) for run in runs
    }
    assert len(cells) == len(runs)


@every_experiment
def test_what_was_published_has_a_row(name):
    experiment = EXPERIMENTS[name]
    printed = published_table(experiment)
    methods = {row.method for row in experiment.rows}
    assert set(printed.method) <= methods
    if experiment.published:
        assert len(printed) > 3
        assert set(experiment.costs) <= set(printed.cost) | {END}
        if "networks" in experiment.lines:  # the published networks are found at the paper's scale
            paper = experiment.settings["paper"]
            assert set(printed.networks) <= set(paper.networks) | set(paper.stand_ins.values())


def test_opt_runs_at_the_authors_units():
    # 0-based units of the authors' scripts (author_code.md section 3).
    wanted = {
        "resann-n9-c16": [6, 13, 19, 26],
        "resann-n17-c16": [12, 25, 37, 50],
        "resann-n13-c16": [9, 19, 28, 38],
    }
    wanted |= {"resann-n7-c16": [4, 10, 15, 20]}
    runs = [
        run
        for run in plan(EXPERIMENTS["adaloss_table1"], "paper")
        if run.method == "OPT" and run.dataset == "svhn"
    ]
    assert {
        model: [run.exit for run in runs if run.networks == model] for model in wanted
    } == wanted


def test_tables_share_their_runs():
    names = [
        {run_name(run.config) for run in plan(EXPERIMENTS[name], "quick")}
        for name in ("adaloss_table1", "scheme_study")
    ]
    assert names[0] < names[1]


def test_settings_of_the_paper():
    runs = plan(EXPERIMENTS["adaloss_table1"], "paper")
    assert len(runs) == 3 * 12 * (
        4 + 3
    )  # three data sets, twelve networks, OPT at four exits and three weightings
    training = {run.dataset: run.config.training for run in runs}
    assert {name: config.epochs for name, config in training.items()} == {
        "cifar10": 300,
        "cifar100": 300,
        "svhn": 60,
    }
    assert all(
        c.lr_drop_at == (0.5, 0.75) and c.learning_rate == 0.1 and c.l2 == 1e-4
        for c in training.values()
    )
    (imagenet,) = {run.config.training for run in plan(EXPERIMENTS["adaloss_table2"], "paper")}
    assert (imagenet.epochs, imagenet.lr_drop_at) == (90, (1 / 3, 2 / 3))
    assert all(run.config.data.hold_out for run in plan(EXPERIMENTS["sieve_table1"], "paper"))


def test_every_scheme_sampler_and_mode_is_in_the_study():
    fields = [row.fields for row in EXPERIMENTS["scheme_study"].rows]
    assert {row["weighting"] for row in fields} == set(losses.schemes())
    assert {row.get("sampler") for row in fields} == {None, *losses.samplers()}
    assert {row.get("training_mode", "joint") for row in fields} == {"joint", "no_grad", "midfeat"}


def test_data_sets_are_as_a_plan_takes_them_to_be():
    for name in ("digits", "synthetic"):
        dataset = data.load(name)
        assert DATASETS[name] == (len(dataset.train), dataset.num_classes, dataset.image_shape)


def test_kept_costs_are_those_of_the_networks():
    kept = pd.read_csv(network_costs.PATH)
    wanted = {
        network_costs._key(*one)
        for e in EXPERIMENTS.values()
        for scale in SCALES
        for one in networks(e, scale)
    }
    assert wanted == {
        tuple(key) for key in kept[network_costs._KEY].drop_duplicates().itertuples(index=False)
    }
    for model, dataset in (
        ("resann-n3-c8", "cifar10"),
        ("resann-n25-c16", "cifar10"),
        ("msdnet-cifar-b4", "cifar10"),
    ):
        key = network_costs._key(model, None, dataset)
        pd.testing.assert_frame_equal(
            network_costs._built(key), network_exits(model, None, dataset), check_dtype=False
        )


def test_training_is_three_passes_over_all_images():
    config = config_of(
        {"dataset": "cifar10", "model": "resann-n3-c8", "train_examples": 1500, "epochs": 24}
    )
    assert (
        training_macs(config)
        == 3 * network_exits("resann-n3-c8", None, "cifar10").macs.iloc[-1] * 1500 * 24
    )


def test_opt_trains_no_further_than_its_exit():
    fields = {
        "dataset": "cifar10",
        "model": "resann-n3-c8",
        "weighting": "opt",
        "train_examples": 1500,
        "epochs": 24,
    }
    macs = network_exits("resann-n3-c8", None, "cifar10").macs
    for exit in (0, 4, -1):
        assert (
            training_macs(config_of(fields | {"opt_at": exit})) == 3 * macs.iloc[exit] * 1500 * 24
        )


def test_what_is_left_is_timed_by_what_was_run():
    runs = plan(EXPERIMENTS["adaloss_table5"], "quick")  # two methods, three seeds
    stored = pd.DataFrame(
        {"training_macs": [1e12], "seconds": [100.0], "workers": [2]},
        index=[run_name(runs[0].config)],
    )
    found = summary(runs, stored, run_name)
    assert (found.runs, found.finished) == (6, 1)
    assert found.hours_left == pytest.approx(5 / 6 * found.macs / (1e12 * 2 / 100) / 3600)
    assert summary(runs, stored.drop(columns="seconds"), run_name).hours_left is None
    # Runs of another size, which spent their time otherwise, do not count where there are enough of
    # this one.
    alike = [{"training_macs": found.macs / 6, "seconds": 60.0, "workers": 2}] * 9
    other = [{"training_macs": found.macs / 600, "seconds": 60.0, "workers": 2}] * 20
    stored = pd.DataFrame(alike + other, index=[f"run {k}" for k in range(29)])
    assert summary(runs, stored, run_name).hours_left == pytest.approx(6 * 60 / 2 / 3600)


def test_declarations_are_checked():
    settings = {scale: Settings(networks=("resann-n1-c4",)) for scale in SCALES}
    rows = (Row("a", {"weighting": "const"}), Row("b", {"weighting": "linear"}))
    good = {"source": "", "title": "", "rows": rows, "settings": settings}
    Experiment(**good)
    for wrong, message in (
        ({"against": "c"}, "against must be a row"),
        ({"claims": (Claim("", "c", "below"),)}, "claims must speak of rows"),
        ({"measure": "loss"}, "measure must be one of"),
        ({"rows": rows + rows}, "names of their own"),
        ({"rows": (Row("a", join="eann"),)}, "has no units"),
        ({"settings": {"quick": settings["quick"]}}, "settings must be of"),
    ):
        with pytest.raises(ValueError, match=message):
            Experiment(**good | wrong)
    for of_eann in ({"workers": 2}, {"inflation": 2.0}):
        with pytest.raises(ValueError, match="only an EANN"):
            Row("a", join="opt_plus", **of_eann)
    with pytest.raises(ValueError, match="needs within"):
        Claim("", "a", "about")
    with pytest.raises(ValueError, match=r"fields are .* Received: \['wight'\]"):
        config_of({"wight": 1})


def _tiny_runs():
    configs = {}
    for name, experiment in EXPERIMENTS.items():
        for run in plan(tiny(experiment), "quick"):
            fields = {
                "dataset": "synthetic",
                "batch_size": 4,
                "train_examples": 8,
                "epochs": 1,
                "precision": "float32",
            }
            groups = dataclasses.asdict(run.config)
            flat = {
                key: value for group in groups.values() for key, value in group.items()
            } | fields
            config = config_of(flat)
            configs.setdefault(run_name(config), (name, config))
    return [pytest.param(config, id=f"{name}-{key}") for key, (name, config) in configs.items()]


@pytest.mark.parametrize("config", _tiny_runs())
def test_two_steps_of_each_run(config):
    model = build.model(config, 10, (8, 8, 3))
    mode = {"midfeat": "heads"}.get(config.training.training_mode, config.training.training_mode)
    model.compile(
        optimizer=build.optimizer(config, 2),
        weighting=build.weighting(config, 2),
        sampler=build.sampler(config, 2),
        training_mode=mode,
        run_eagerly=True,
    )
    images, labels = (
        np.random.default_rng(0).normal(size=(8, 8, 8, 3)).astype("float32"),
        np.arange(8),
    )
    before = [weight.numpy() for weight in model.trainable_variables]
    history = model.fit(images, labels, batch_size=4, epochs=1, shuffle=False, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert int(model.optimizer.iterations.numpy()) == 2
    assert any(
        (old != new.numpy()).any()
        for old, new in zip(before, model.trainable_variables, strict=True)
    )


def test_published_numbers_of_001_table_1():
    table = published_table(EXPERIMENTS["adaloss_table1"]).set_index(["method", "cost"]).value
    assert table["AdaLoss", 1.0] == 2.73
    assert table["CONST", 0.25] == 15.07
    assert len(published.read("001_table1")) == 16
