"""Cells of tables from curves that can be followed by hand."""

import dataclasses

import pandas as pd
import pytest

from ann.runs.identity import run_name
from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.cells import answers, cells, eann_curve, linear_ensemble_name, table
from experiments.harness.declaration import AE, END, SCALES, Claim, Experiment, Row, Settings
from experiments.harness.network_costs import network_exits
from experiments.harness.plan import plan
from experiments.harness.verdicts import published_table, side_by_side, verdicts

ONE, TWO = "resann-n1-c4", "resann-n2-c4"  # 3 and 6 units, an exit after each


def experiment(rows, networks=(ONE,), seeds=1, datasets=("digits",), **fields):
    settings = Settings(networks=networks, datasets=datasets, seeds=seeds)
    # Each scale runs the digits here.
    return Experiment("", "", rows=tuple(rows), settings=dict.fromkeys(SCALES, settings), **fields)


def exits(runs, errors):
    """`run_exits.csv` from `errors`, a function of the run that gives those of its exits; costs 10, 20, ...."""
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
    assert pd.isna(found["OPT", AE])  # OPT was not trained everywhere


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
        Row("EANN, divided", {"weighting": "adaloss"}, join="eann", inflation=2.0),
        Row("linear", {"weighting": "opt"}, join="linear_ensemble"),
    ]
    declared = experiment(rows, networks=((ONE, TWO),), rule="closest")
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
    assert curves["EANN, divided"].error_top1.tolist() == curves["EANN"].error_top1.tolist()
    assert (2 * curves["EANN, divided"].macs).tolist() == curves["EANN"].macs.tolist()
    assert curves["EANN"].error_top1.tolist() == [60, 50, 40, 35, 25, 15]
    assert curves["EANN"].macs.tolist() == [10, 20, 30, 70, 80, 90]
    assert curves["linear"].error_top1.tolist() == [40, 12]


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


def numbers_of(differences):
    """Cells of two rows, A and B, whose difference at the end is so for each seed."""
    rows = []
    for seed, difference in enumerate(differences):
        for setting, shift in (("x", -1.0), ("y", 1.0)):
            cell = {"dataset": "digits", "networks": setting, "seed": seed, "cost": 1.0}
            rows += [
                {**cell, "method": "A", "value": 50 + difference + shift},
                {**cell, "method": "B", "value": 50.0},
            ]
    return pd.DataFrame(rows)


def claiming(direction, **fields):
    rows = (Row("A", {"weighting": "const"}), Row("B", {"weighting": "linear"}))
    return experiment(rows, claims=(Claim("A against B", "A", direction, than="B", **fields),))


@pytest.mark.parametrize(
    ("direction", "within", "differences", "verdict"),
    [
        ("below", 0, [-2.0, -0.5], "held"),
        ("below", 0, [2.0, 0.5], "did not hold"),
        ("below", 0, [2.0, -0.5], "seeds disagree"),
        ("above", 0, [2.0, 0.5], "held"),
        ("above", 0, [0.0, 0.0], "tie"),
        ("below", 0, [-2.0], "held (one seed)"),
        ("below", 0, [2.0], "did not hold (one seed)"),
        ("about", 1, [-0.5, 0.9], "held"),
        ("about", 1, [-1.5, 1.5], "did not hold"),
        ("below", 0, [], "–"),
    ],
)
def test_verdicts(direction, within, differences, verdict):
    numbers = numbers_of(differences) if differences else numbers_of([0.0]).iloc[:0]
    (found,) = verdicts(claiming(direction, within=within), numbers).itertuples()
    assert found.verdict == verdict
    assert found.seeds == len(differences)
    if differences:
        assert (found.lowest, found.highest) == pytest.approx((min(differences), max(differences)))
        assert found.measured == pytest.approx(sum(differences) / len(differences))


def test_an_eann_is_compared_with_opt_plus_of_other_networks_in_print():
    found = (
        verdicts(EXPERIMENTS["sieve_fig2e"], numbers_of([0.0]).iloc[:0])
        .set_index("claim")
        .published
    )
    # 002 Table 3, EANN minus OPT+ at the end on SVHN, CIFAR-10 and CIFAR-100.
    assert found["... and at the end"] == pytest.approx(
        ((1.71 - 1.66) + (4.65 - 4.73) + (22.00 - 22.66)) / 3
    )


def test_a_claim_may_speak_of_two_data_sets():
    rows = [
        {"dataset": d, "networks": "x", "method": "A", "seed": 0, "cost": 1.0, "value": v}
        for d, v in (("hard", 0.2), ("easy", 0.6))
    ]
    claim = Claim(
        "", "A", "below", than="A", where={"dataset": "hard"}, than_where={"dataset": "easy"}
    )
    (found,) = verdicts(
        experiment([Row("A", {"weighting": "const"})], claims=(claim,)), pd.DataFrame(rows)
    ).itertuples()
    assert (found.verdict, round(found.measured, 9)) == ("held (one seed)", -0.4)


def test_published_and_measured_side_by_side():
    declared = EXPERIMENTS["adaloss_table1"]
    runs = plan(declared, "quick")
    by_seed = {0: 20.0, 1: 22.0, 2: 24.0}
    found = exits(runs, lambda run: [20.0] * 9 if run.exit is not None else [by_seed[run.seed]] * 9)
    beside = side_by_side(
        declared, "quick", table(declared, cells(declared, answers(declared, runs, found)))
    )
    (row,) = beside[(beside.method == "AdaLoss") & (beside.cost == 1.0)].itertuples()
    assert (row.published, row.measured, row.seeds, row.settings) == (2.73, pytest.approx(10), 3, 1)
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
    assert beside.published.notna().all()
    assert beside.measured.notna().all()


def test_published_claims_have_the_papers_differences():
    declared = EXPERIMENTS["adaloss_table1"]
    found = verdicts(
        declared,
        cells(
            declared, answers(declared, [], exits(plan(declared, "quick")[:1], lambda run: [1.0]))
        ),
    )
    assert found.set_index("claim").published["AdaLoss ends below CONST"] == pytest.approx(
        2.73 - 18.90
    )
    assert published_table(declared).cost.isin([0.25, 0.5, 0.75, 1.0]).all()
