"""Cells of tables from curves that can be followed by hand."""

import dataclasses

import pandas as pd
import pytest

from ann.runs.identity import run_name
from experiments.harness.answers import (
    answers,
    eann_curve,
    linear_ensemble_name,
    on_test_images_name,
)
from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.cells import cells, table
from experiments.harness.comparison import side_by_side
from experiments.harness.declaration import (
    AE,
    END,
    FIRST,
    LAST_BUT_ONE,
    MILESTONES,
    SPREAD,
    TIMELINESS,
    Experiment,
    Row,
    Settings,
)
from experiments.harness.network_costs import network_exits
from experiments.harness.plan import plan

ONE, TWO = "resann-n1-c4", "resann-n2-c4"  # 3 and 6 units, an exit after each


def experiment(rows, networks=(ONE,), seeds=1, datasets=("digits",), **fields):
    settings = Settings(networks=networks, datasets=datasets, seeds=seeds)
    fields.setdefault("costs", (*MILESTONES, END, AE))
    return Experiment("", "", rows=tuple(rows), settings={"quick": settings}, **fields)


def exits(runs, errors):
    """`run_exits.csv` from `errors`, a function of the run that gives those of its exits; costs 10,
    20, ...."""
    frames = []
    for run in runs:
        values = errors(run)
        frame = pd.DataFrame(
            {"run": run_name(run.config), "exit": range(len(values)), "error_top1": values}
        )
        frame["macs"] = 10.0 * (frame.exit + 1)
        frames.append(frame.assign(training_loss=frame.error_top1 / 10, weight=1.0))
    return pd.concat(frames)


def values(declared, errors):
    runs = plan(declared, "quick")
    return (
        cells(declared, answers(declared, runs, exits(runs, errors)))
        .set_index(["method", "cost"])
        .value
    )


CONST, LINEAR = Row("CONST", {"weighting": "const"}), Row("LINEAR", {"weighting": "linear"})
OPT = Row("OPT", {"weighting": "opt"})
OF = {"const": [40.0, 30.0, 20.0], "linear": [50.0, 30.0, 10.0]}


def test_opt_takes_each_run_at_its_exit():
    # Units 1/3, 2/3, 1: 1/4 is nearest to the first, 1/2 is as near to the second, 3/4 nearest to
    # the second. Of a run trained for an exit nothing is known beyond it, unless it is one that was
    # trained before that was left out.
    opt = {0: [35.0], 1: [99.0, 25.0, 99.0], 2: [99.0, 99.0, 16.0]}
    declared = experiment([OPT, CONST], measure="relative_increase", against="OPT")
    found = values(declared, lambda run: opt[run.exit] if run.exit is not None else OF["const"])
    assert found["CONST", 0.25] == pytest.approx(100 * 5 / 35)
    assert found["CONST", 0.5] == found["CONST", 0.75] == pytest.approx(100 * 5 / 25)
    assert found["CONST", 1.0] == pytest.approx(100 * 4 / 16)
    assert found["OPT", 1.0] == 0
    assert found["OPT", AE] == 0  # so small a network is read at each of its exits


def test_opt_has_no_average_where_it_was_not_trained():
    declared = experiment([OPT], networks=(TWO,))
    assert [run.exit for run in plan(declared, "quick")] == [1, 2, 4, 5]
    found = values(declared, lambda run: [60.0, 50, 40, 30, 20, 10])
    assert pd.isna(found["OPT", AE])
    assert found["OPT", END] == 10


def test_errors_and_their_average():
    found = values(experiment([CONST, LINEAR]), lambda run: OF[run.config.weighting.weighting])
    assert [found["LINEAR", cost] for cost in (0.25, 0.5, 0.75, 1.0, END, AE)] == [
        50,
        30,
        30,
        10,
        10,
        30,
    ]


def test_training_losses_are_compared_with_opt_at_every_exit():
    declared = experiment(
        [dataclasses.replace(OPT, every_exit=True), CONST],
        measure="training_loss_increase",
        against="OPT",
    )
    runs = plan(declared, "quick")
    assert [run.exit for run in runs if run.method == "OPT"] == [0, 1, 2]
    found = values(declared, lambda run: [20.0, 10.0, 5.0] if run.exit is not None else OF["const"])
    assert found["CONST", 0.25] == pytest.approx(100)
    assert found["CONST", 1.0] == pytest.approx(300)


def test_a_tie_is_half_a_setting_won():
    declared = experiment([CONST, LINEAR], measure="settings_won", against="CONST")
    found = values(declared, lambda run: OF[run.config.weighting.weighting])
    assert [found["LINEAR", cost] for cost in (0.25, 0.5, 1.0)] == [0, 50, 100]


def test_a_row_can_have_a_row_of_its_own_to_compare_with():
    rows = [
        CONST,
        LINEAR,
        Row("LINEAR + AANN", {"weighting": "linear", "sampler": "aann"}, against="LINEAR"),
    ]
    declared = experiment(rows, measure="relative_increase")
    found = values(
        declared,
        lambda run: (
            [25.0, 15.0, 5.0]
            if run.config.weighting.sampler
            else OF[run.config.weighting.weighting]
        ),
    )
    assert found["LINEAR + AANN", 1.0] == -50
    assert "CONST" not in found.index.get_level_values("method")  # it is compared with nothing


def test_small_against_large_at_the_costs_of_the_small():
    rows = [
        Row("small", {"weighting": "adaloss"}),
        Row("large", {"weighting": "const"}, network=-1),
    ]
    declared = experiment(
        rows,
        networks=((ONE, TWO),),
        measure="relative_increase",
        against="small",
        against_cost=END,
        rule="latest",
        of_network=0,
    )
    runs = plan(declared, "quick")
    macs = {run.method: run for run in runs}
    frames = []
    for method, errors in (
        ("small", [40.0, 30.0, 20.0]),
        ("large", [50.0, 45.0, 40.0, 35.0, 30.0, 10.0]),
    ):
        costs = network_exits(macs[method].config.model.model, None, "digits").macs
        frame = pd.DataFrame(
            {"run": run_name(macs[method].config), "exit": range(len(errors)), "macs": costs}
        )
        frames.append(frame.assign(error_top1=errors, training_loss=1.0, weight=1.0))
    found = (
        cells(declared, answers(declared, runs, pd.concat(frames)))
        .set_index(["method", "cost"])
        .value
    )
    assert found["small", END] == found["small", 1.0] == 0
    assert found["large", END] == -50
    # The small one's units cost 1, 3/4 and 3/4: two units of the large one fit in, a third (which
    # is of 3/4, too) does not.
    assert found["large", 1.0] == pytest.approx(125)


def test_eann_answers_with_what_is_deeper():
    members = [pd.DataFrame({"macs": [10, 20], "error_top1": [50.0, 40.0]})]
    members += [pd.DataFrame({"macs": [10, 20, 30, 40], "error_top1": [60.0, 55.0, 30.0, 20.0]})]
    selection = [[True, True], [False, False, True, True]]
    assert eann_curve(members, selection).to_dict("list") == {
        "macs": [10, 20, 50, 60],
        "error_top1": [50, 40, 30, 20],
    }
    # On two workers the second member starts at once: its third exit is there after 30.
    assert eann_curve(members, selection, workers=2).macs.tolist() == [10, 20, 30, 40]


def test_opt_plus_and_ensembles_come_from_all_networks():
    rows = [
        Row("OPT+", {"weighting": "opt"}, join="opt_plus"),
        Row("EANN", {"weighting": "adaloss"}, join="eann"),
        Row("linear", {"weighting": "opt"}, join="linear_ensemble"),
        Row("plain", {"weighting": "opt"}, join="plain_sequence"),
    ]
    declared = experiment(rows, networks=((ONE, TWO),), rule="latest")
    runs = plan(declared, "quick")
    opt_plus = [run for run in runs if run.method == "OPT+"]
    assert [(run.member, run.exit) for run in opt_plus] == [
        (0, 0),
        (0, 1),
        (0, 2),
        (1, 1),
        (1, 2),
        (1, 4),
        (1, 5),
    ]
    linear = [run for run in runs if run.method == "linear"]
    assert [run.config.weighting.opt_at for run in linear] == [
        2,
        5,
    ]  # plain networks: their last exits alone
    found = exits(
        runs, lambda run: [60.0, 50, 40] if run.member == 0 else [65.0, 55, 45, 35, 25, 15]
    )
    ensemble = pd.DataFrame(
        {
            "run": linear_ensemble_name(linear),
            "exit": [0, 1],
            "macs": [30.0, 90.0],
            "error_top1": [40.0, 12.0],
        }
    )
    curves = {
        name: curve
        for name, curve in answers(declared, runs, pd.concat([found, ensemble])).groupby("method")
    }
    assert curves["OPT+"].error_top1.tolist() == [60, 50, 40, 25, 15]
    assert curves["EANN"].error_top1.tolist() == [60, 50, 40, 35, 25, 15]
    assert curves["EANN"].macs.tolist() == [10, 20, 30, 70, 80, 90]
    assert curves["linear"].error_top1.tolist() == [40, 12]
    assert curves["plain"].error_top1.tolist() == [40, 15]
    assert curves["plain"].macs.tolist() == [30, 90]


def test_an_answer_of_joined_networks_is_read_once_it_is_there():
    """The fourth of the answers costs 70 of 90 MACs, nearer to 3/4 than the third: too late."""
    declared = experiment(
        [Row("EANN", {"weighting": "adaloss"}, join="eann")], networks=((ONE, TWO),), rule="latest"
    )
    runs = plan(declared, "quick")
    found = exits(
        runs, lambda run: [60.0, 50, 40] if run.member == 0 else [65.0, 55, 45, 35, 25, 15]
    )
    numbers = cells(declared, answers(declared, runs, found)).set_index("cost").value
    assert [numbers[cost] for cost in (0.25, 0.5, 0.75, 1.0)] == [50, 40, 40, 15]


def test_an_eann_selected_on_held_out_images_answers_with_test_errors():
    row = Row("EANN", {"weighting": "adaloss"}, join="eann", selection="validation")
    declared = experiment([row], networks=((ONE, TWO),), rule="latest")
    runs = plan(declared, "quick")
    assert all(run.config.data.hold_out for run in runs)
    held_out = exits(
        runs, lambda run: [50.0, 40, 41] if run.member == 0 else [60.0, 50, 39, 39, 38, 37]
    )
    assert answers(declared, runs, held_out).empty  # nothing is measured on the test images yet
    on_test = exits(runs, lambda run: [52.0, 42, 43] if run.member == 0 else [6.0, 5, 4, 3, 2, 1])
    names = {run_name(run.config): on_test_images_name(run) for run in runs}
    on_test["run"] = on_test.run.map(names)
    found = answers(declared, runs, pd.concat([held_out, on_test]))
    assert found.error_top1.tolist() == [52, 42, 4, 2, 1]  # the member ends at its second exit
    assert found.macs.tolist() == [10, 20, 50, 70, 80]


def test_words_name_places_on_a_curve():
    declared = experiment([CONST], costs=(FIRST, LAST_BUT_ONE, END, AE, SPREAD, TIMELINESS))
    found = values(declared, lambda run: OF["const"])["CONST"]
    assert [found[cost] for cost in (FIRST, LAST_BUT_ONE, END, AE, SPREAD)] == [40, 30, 20, 30, 20]
    # No answer in the first third, 60 % and 70 % right in the others.
    assert found[TIMELINESS] == pytest.approx((0 + 60 + 70) / 3)


def test_the_cost_to_reach_an_error_is_in_units_of_the_small_network():
    rows = [Row("small", {"weighting": "const"}), Row("other", {"weighting": "linear"})]
    declared = experiment(rows, measure="cost_to_reach", against="small", rule="latest")
    of = {"const": [40.0, 30.0, 20.0], "linear": [31.0, 30.0, 25.0]}
    found = values(declared, lambda run: of[run.config.weighting.weighting])
    assert found["small", 1.0] == 1
    assert found["small", 0.75] == found["other", 0.75] == pytest.approx(2 / 3)
    assert found["other", 0.5] == pytest.approx(1 / 3)  # 40 % is there at its first exit
    assert found["other", 1.0] == 1  # it never gets to 20 %: at least all of its cost
    assert pd.isna(found["other", 0.25])  # nothing is there to be reached


def test_an_interpolated_error_lies_between_those_of_two_exits():
    found = values(experiment([CONST], rule="interpolate"), lambda run: OF["const"])["CONST"]
    # Depths 4, 6 and 8 of 8 layers.
    assert [found[cost] for cost in (0.5, 0.75, 1.0)] == [40, 30, 20]
    assert pd.isna(found[0.25])
    layers = values(experiment([CONST], rule="closest_layer"), lambda run: OF["const"])["CONST"]
    assert layers[0.25] == 40


def test_variants_are_settings_of_their_own():
    settings = Settings(
        networks=(ONE,), datasets=("digits",), variants=({"gamma": 0.0}, {"gamma": 0.5})
    )
    declared = Experiment(
        "", "", rows=(Row("AdaLoss", {"weighting": "adaloss"}),), settings={"quick": settings}
    )
    runs = plan(declared, "quick")
    assert [run.config.weighting.gamma for run in runs] == [0.0, 0.5]
    found = exits(runs, lambda run: [30.0, 20.0, 40 * run.config.weighting.gamma])
    numbers = cells(declared, answers(declared, runs, found))
    (row,) = table(declared, numbers[numbers.cost == 1.0]).itertuples()
    assert (row.measured, row.settings) == (10, 2)


def test_what_is_not_finished_is_not_measured():
    declared = experiment([OPT, CONST], measure="relative_increase", against="OPT", seeds=2)
    runs = plan(declared, "quick")
    finished = [
        run for run in runs if run.seed == 0 or run.exit != 1
    ]  # of seed 1, OPT in the middle is missing
    numbers = cells(declared, answers(declared, runs, exits(finished, lambda run: OF["const"])))
    assert set(zip(numbers.method, numbers.seed, strict=True)) == {("OPT", 0), ("CONST", 0)}
    nothing = cells(
        declared, answers(declared, runs, exits(runs, lambda run: OF["const"]).iloc[:0])
    )
    assert table(declared, nothing).empty
    assert side_by_side(declared, "quick", table(declared, nothing)).empty


def test_published_and_measured_side_by_side():
    declared = EXPERIMENTS["adaloss_table1"]
    runs = plan(declared, "quick")
    by_seed = {0: 20.0, 1: 22.0, 2: 24.0}
    found = exits(runs, lambda run: [20.0] * 9 if run.exit is not None else [by_seed[run.seed]] * 9)
    beside = side_by_side(
        declared, "quick", table(declared, cells(declared, answers(declared, runs, found)))
    )
    (row,) = beside[(beside.method == "AdaLoss") & (beside.cost == 1.0)].itertuples()
    assert (row.published, row.measured, row.seeds) == (2.73, pytest.approx(10), 3)
    assert (row.settings, row.of_settings) == (1, 1)
    assert row.difference == pytest.approx(10 - 2.73)
    assert row.std == pytest.approx(10)  # 0, 10 and 20 % over OPT
    assert beside.method.drop_duplicates().tolist() == ["OPT", "CONST", "LINEAR", "AdaLoss"]


@pytest.mark.parametrize(
    "name", ["adaloss_table1", "sieve_table1", "sieve_table2b", "sieve_table3", "sieve_table6"]
)
def test_opt_alone_has_a_table(name):
    """The first runs that are finished are often OPT's."""
    declared = EXPERIMENTS[name]
    runs = [run for run in plan(declared, "small") if run.exit is not None]
    found = exits(runs, lambda run: [50.0] * 39)
    found = answers(declared, plan(declared, "small"), found)
    beside = side_by_side(declared, "small", table(declared, cells(declared, found)))
    assert set(beside[beside.measured.notna()].method) <= {
        row.method for row in declared.rows if row.is_opt
    }


def test_a_stand_in_is_named_after_both():
    declared = EXPERIMENTS["adaloss_table2"]
    runs = plan(declared, "quick")
    found = exits(runs, lambda run: [30.0, 20.0, 10.0])
    beside = side_by_side(
        declared, "quick", table(declared, cells(declared, answers(declared, runs, found)))
    )
    assert "msdnet-cifar-b4 for msdnet38" in set(beside.networks)
    printed = beside[beside.method.isin(["CONST", "AdaLoss"])]
    assert printed.published.notna().all()
    assert beside.measured.notna().any()
