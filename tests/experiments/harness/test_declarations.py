"""Every declared table and figure: its runs resolve, what it speaks of exists, two training steps
of each run work."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from ann import data, losses, milestones
from ann.runs import build
from ann.runs.config import RunConfig
from ann.runs.identity import run_name
from experiments.harness import declaration, network_costs, published
from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.comparison import published_table
from experiments.harness.declaration import Claim, Experiment, Row, Settings
from experiments.harness.network_costs import network_exits
from experiments.harness.plan import networks, plan, summary, training_macs
from experiments.harness.scales import DATASETS

TINY = {
    "resann": "resann-n1-c4",
    "denseann": "denseann-n1-g4",
    "msdnet": "msdnet-cifar-b2",
}  # what builds in no time
EVERY = [(name, scale) for name, experiment in EXPERIMENTS.items() for scale in experiment.settings]
every_experiment = pytest.mark.parametrize("name", EXPERIMENTS)


def tiny(experiment: Experiment) -> Experiment:
    """The quick scale on the smallest networks, one seed."""
    quick = experiment.settings["quick"]
    family = lambda name: TINY[name.split("-")[0]]
    smaller = [
        family(one) if isinstance(one, str) else tuple(map(family, one)) for one in quick.networks
    ]
    groups = {name: tuple(map(family, group)) for name, group in quick.groups.items()}
    settings = dataclasses.replace(quick, networks=tuple(smaller), groups=groups, seeds=1)
    return dataclasses.replace(experiment, settings=dict(experiment.settings) | {"quick": settings})


def test_the_milestones_of_declarations_are_the_librarys():
    assert declaration.MILESTONES == milestones.MILESTONES


def test_papers_come_in_their_order_and_have_their_names():
    # 001: Fig. 1, 3, 5a-f, 6a-c, Tables 1-5, Proposition 4.1, section 5.2; 000: appendix B; 002:
    # Tables 1-6, Fig. 2d, 2e, 4, sections 4.4 and 4.5; 003: six comparisons; then ours.
    papers = [experiment.paper for experiment in EXPERIMENTS.values()]
    printed = ["001"] * 18 + ["000"] + ["002"] * 12 + ["003"] * 6
    assert papers == printed + ["ours"] * (len(papers) - len(printed))
    prefixes = {"001": "adaloss_", "000": "adaloss_", "002": "sieve_", "003": "exp_lin_"}
    for name, experiment in EXPERIMENTS.items():
        assert name.startswith(prefixes.get(experiment.paper, "")), name


@pytest.mark.parametrize(("name", "scale"), EVERY)
def test_runs_resolve(name, scale):
    runs = plan(EXPERIMENTS[name], scale)
    assert bool(runs) == EXPERIMENTS[name].is_trained
    for run in runs:
        exits = len(network_exits(run.config.model.model, run.config.model.s, run.dataset))
        state = build.weighting(run.config, 10).initial_state(exits)
        assert state is not None
        build.sampler(run.config, 10)
        assert run.exit is None or 0 <= run.exit < exits
        assert run.dataset in data.names()
        assert training_macs(run.config) > 0
    cells = {(*run.cell, run.member, run.exit) for run in runs}
    assert len(cells) == len(runs)


@every_experiment
def test_what_joins_or_pairs_networks_is_read_once_it_is_there(name):
    experiment = EXPERIMENTS[name]
    if experiment.of_network is not None or any(row.join for row in experiment.rows):
        assert experiment.rule == "latest"


@pytest.mark.parametrize(("name", "scale"), EVERY)
def test_claims_speak_of_settings_that_the_paper_has(name, scale):
    experiment = EXPERIMENTS[name]
    settings = experiment.settings[scale]
    known = {
        "dataset": set(settings.datasets),
        "networks": set(settings.networks) | set(settings.replaces.values()),
    }
    if scale == "paper":
        for claim in experiment.claims:
            for where in (claim.where, claim.than_where or {}):
                assert all(value in known[column] for column, value in where.items()), claim.text


def test_texts_of_claims_differ():
    for name, experiment in EXPERIMENTS.items():
        texts = [claim.text for claim in experiment.claims if not claim.text.startswith("...")]
        assert len(set(texts)) == len(texts), name


def test_the_ablation_is_the_full_factorial():
    names = [
        run_name(run.config)
        for table in ("adaloss_table3", "adaloss_table4", "adaloss_table5")
        for run in plan(EXPERIMENTS[table], "paper")
    ]
    assert len(names) == 3 * 3 * 72
    assert len(set(names)) == 3 * 72  # 001 appendix C.2, three seeds


def test_medium_is_all_images_in_the_papers_smallest_networks():
    for dataset in ("cifar10", "cifar100"):
        runs = [
            run for run in plan(EXPERIMENTS["adaloss_table1"], "medium") if run.dataset == dataset
        ]
        assert {run.networks for run in runs} == {"resann-n7-c16"}
        (training,) = {(r.config.training.epochs, r.config.training.lr_drop_at) for r in runs}
        assert training == (60, (0.5, 0.75))
        (data_,) = {(r.config.data.batch_size, r.config.data.train_examples) for r in runs}
        assert data_ == (128, None)
    assert {run.networks for run in plan(EXPERIMENTS["sieve_table1"], "medium")} == {
        "resann-n5-c16"
    }


@every_experiment
def test_what_was_published_has_a_row(name):
    experiment = EXPERIMENTS[name]
    printed = published_table(experiment)
    methods = {row.method for row in experiment.rows}
    assert set(printed.method) <= methods
    if experiment.published:
        assert len(printed) > 3
        assert set(declaration.MILESTONES) <= set(printed.cost)
        if "networks" in experiment.lines:  # the published networks are found at the paper's scale
            paper = experiment.settings["paper"]
            assert set(printed.networks) <= set(paper.networks) | set(paper.replaces.values())


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
        if run.method == "OPT" and run.dataset == "svhn" and run.seed == 0
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
    # Three seeds, three data sets, twelve networks; OPT at four exits and three weightings.
    assert len(runs) == 3 * 3 * 12 * (4 + 3)
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
    imagenet = [run.config.training for run in plan(EXPERIMENTS["adaloss_table2"], "paper")]
    assert {(one.epochs, one.lr_drop_at) for one in imagenet} == {(90, (1 / 3, 2 / 3))}
    assert all(run.config.data.hold_out for run in plan(EXPERIMENTS["sieve_table1"], "paper"))


def test_only_001_blurs_svhn():
    for name in ("adaloss_table1", "sieve_table3", "exp_lin_schemes"):
        runs = [run for run in plan(EXPERIMENTS[name], "paper") if run.dataset == "svhn"]
        assert {run.config.data.blur for run in runs} == {name == "adaloss_table1"}


def test_the_papers_scale_can_decide():
    for name, experiment in EXPERIMENTS.items():
        if "paper" in experiment.settings:
            assert {run.seed for run in plan(experiment, "paper")} in (set(), {0, 1, 2}), name


def test_exits_that_the_costs_do_not_know_are_refused():
    row = Row("CONST", {"weighting": "const", "first_exit": 3})
    settings = {"quick": Settings(networks=("resann-n1-c8",))}
    declared = Experiment(source="ours", title="", rows=(row,), settings=settings)
    with pytest.raises(ValueError, match="Received: {'first_exit': 3}"):
        plan(declared, "quick")


def test_every_eann_is_also_selected_by_validation():
    for name, experiment in EXPERIMENTS.items():
        rows = [row for row in experiment.rows if row.join == "eann" and row.workers == 1]
        by = {
            how: [r.fields for r in rows if r.selection == how] for how in ("depth", "validation")
        }
        assert by["depth"] == by["validation"] or not experiment.is_trained, name


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
        network_costs.key_of(*one)
        for e in EXPERIMENTS.values()
        for scale in e.settings
        for one in networks(e, scale)
    }
    assert wanted == {
        tuple(key) for key in kept[network_costs.KEY].drop_duplicates().itertuples(index=False)
    }
    for model, dataset in (
        ("resann-n3-c8", "cifar10"),
        ("resann-n25-c16", "cifar10"),
        ("msdnet-cifar-b4", "cifar10"),
    ):
        key = network_costs.key_of(model, None, dataset)
        pd.testing.assert_frame_equal(
            network_costs.build_and_cost(key),
            network_exits(model, None, dataset),
            check_dtype=False,
        )


def test_training_is_three_passes_over_all_images():
    config = RunConfig.from_fields(
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
            training_macs(RunConfig.from_fields(fields | {"opt_at": exit}))
            == 3 * macs.iloc[exit] * 1500 * 24
        )


def test_what_is_left_is_timed_by_what_was_run():
    runs = plan(EXPERIMENTS["adaloss_table5"], "quick")  # two methods, three seeds
    stored = pd.DataFrame(
        {"training_macs": [1e12], "seconds": [100.0], "workers": [2]},
        index=[run_name(runs[0].config)],
    )
    found = summary(runs, stored)
    assert (found.runs, found.finished) == (6, 1)
    assert found.hours_left == pytest.approx(5 / 6 * found.macs / (1e12 * 2 / 100) / 3600)
    assert summary(runs, stored.drop(columns="seconds")).hours_left is None
    # Runs of another size, which spent their time otherwise, do not count where there are enough of
    # this one.
    alike = [{"training_macs": found.macs / 6, "seconds": 60.0, "workers": 2}] * 9
    other = [{"training_macs": found.macs / 600, "seconds": 60.0, "workers": 2}] * 20
    stored = pd.DataFrame(alike + other, index=[f"run {k}" for k in range(29)])
    assert summary(runs, stored).hours_left == pytest.approx(6 * 60 / 2 / 3600)


def test_declarations_are_checked():
    settings = {"quick": Settings(networks=("resann-n1-c4",))}
    rows = (Row("a", {"weighting": "const"}), Row("b", {"weighting": "linear"}))
    good = {"source": "", "title": "", "rows": rows, "settings": settings}
    Experiment(**good)
    for wrong, message in (
        ({"against": "c"}, "against must be a row"),
        ({"claims": (Claim("", "c", "below"),)}, "claims must speak of rows"),
        ({"measure": "loss"}, "measure must be one of"),
        ({"rows": rows + rows}, "names of their own"),
        ({"rows": (Row("a", join="eann"),)}, "by the rule 'latest'"),
        ({"of_network": 0}, "by the rule 'latest'"),
        ({"settings": {"large": settings["quick"]}}, "settings must be of"),
        ({"settings": {}}, "settings must be of"),
        ({"settings": {"quick": Settings(networks=("x",), methods=("c",))}}, "must name rows"),
    ):
        with pytest.raises(ValueError, match=message):
            Experiment(**good | wrong)
    for of_eann in ({"workers": 2}, {"selection": "validation"}):
        with pytest.raises(ValueError, match="only an EANN"):
            Row("a", join="opt_plus", **of_eann)
    with pytest.raises(ValueError, match="needs within"):
        Claim("", "a", "about")
    with pytest.raises(ValueError, match="needs bounds"):
        Claim("", "a", "between")
    with pytest.raises(ValueError, match="field must be one of"):
        RunConfig.from_fields({"wight": 1})


def _tiny_runs():
    configs = {}
    for name, experiment in EXPERIMENTS.items():
        if "quick" not in experiment.settings or not experiment.is_trained:
            continue
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
            config = RunConfig.from_fields(flat)
            configs.setdefault(run_name(config), (name, config))
    return [pytest.param(config, id=f"{name}-{key}") for key, (name, config) in configs.items()]


@pytest.mark.parametrize("config", _tiny_runs())
def test_two_steps_of_each_run(config):
    model = build.model(config, 10, (8, 8, 3))
    mode = config.training.training_mode
    mode = {"midfeat": "heads", "one_by_one": "last"}.get(mode, mode)
    model.compile(
        optimizer=build.optimizer(config, 2, model.num_exits),
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
