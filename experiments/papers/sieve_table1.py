"""002 Table 1 and Fig. 2a-c, f: weightings and ways to train one by one, on the held-out images."""

from experiments.harness.declaration import (
    AE,
    END,
    FIRST,
    LAST_BUT_ONE,
    MILESTONES,
    TIMELINESS,
    Claim,
    Experiment,
    Row,
    Settings,
)
from experiments.papers._networks import CIFAR, QUICK

NAMES = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100"}


def _claim(text, method, direction, dataset, section="4.3", **fields):
    return Claim(
        f"{NAMES[dataset]}: {text}",
        method,
        direction,
        where={"dataset": dataset},
        section=section,
        **fields,
    )


ON_CIFAR10 = (
    _claim(
        "constant has the AE nearest to the optimal: below sieve's",
        "constant",
        "below",
        "cifar10",
        than="sieve",
        cost=AE,
    ),
    _claim("... and below half-end's", "constant", "below", "cifar10", than="half-end", cost=AE),
    _claim(
        "... and so the best timeliness: above sieve's",
        "constant",
        "above",
        "cifar10",
        than="sieve",
        cost=TIMELINESS,
    ),
    _claim(
        "no-grad is competitive at the first exits: within 5 points of the optimal at the first",
        "no-grad",
        "about",
        "cifar10",
        than="optimal",
        cost=FIRST,
        within=5.0,
        section="4.2",
    ),
    *(
        _claim(
            f"no-grad is not afterwards: above the optimal at {name}",
            "no-grad",
            "above",
            "cifar10",
            than="optimal",
            cost=cost,
            section="4.2",
        )
        for cost, name in ((0.5, "half"), (1.0, "the end"))
    ),
    *(
        _claim(
            f"midfeat is significantly worse than the optimal at {name}",
            "midfeat",
            "above",
            "cifar10",
            than="optimal",
            cost=cost,
            section="4.2",
        )
        for cost, name in ((0.25, "1/4"), (0.5, "half"), (0.75, "3/4"))
    ),
    *(
        _claim(
            f"midfeat is competitive at the last two units: within 2 points at the {name}",
            "midfeat",
            "about",
            "cifar10",
            than="optimal",
            cost=cost,
            within=2.0,
            section="4.2",
        )
        for cost, name in ((LAST_BUT_ONE, "last but one"), (END, "last"))
    ),
)
ON_CIFAR100 = (
    *(
        _claim(
            f"constant is worst on almost all layers: above {other} at {name}",
            "constant",
            "above",
            "cifar100",
            than=other,
            cost=cost,
        )
        for other in ("sieve", "half-end")
        for cost, name in ((0.5, "half"), (0.75, "3/4"), (1.0, "the end"))
    ),
    _claim(
        "sieve has the best average: below half-end's",
        "sieve",
        "below",
        "cifar100",
        than="half-end",
        cost=AE,
    ),
    _claim("... and below linear's", "sieve", "below", "cifar100", than="linear", cost=AE),
    _claim("... and below constant's", "sieve", "below", "cifar100", than="constant", cost=AE),
)


def _on_both(dataset):
    """What the paper says of either data set."""
    return (
        _claim("constant ends above the optimal", "constant", "above", dataset, than="optimal"),
        _claim(
            "sieve ends near the optimal, within a point",
            "sieve",
            "about",
            dataset,
            than="optimal",
            within=1.0,
        ),
        _claim(
            "half-end ends near the optimal, within a point",
            "half-end",
            "about",
            dataset,
            than="optimal",
            within=1.0,
        ),
        _claim(
            "half-end is better than constant on the way, at 3/4",
            "half-end",
            "below",
            dataset,
            than="constant",
            cost=0.75,
        )
        if dataset == "cifar100"
        else _claim("half-end ends below constant", "half-end", "below", dataset, than="constant"),
        _claim(
            "expb2 is near the optimal at the end, within a point",
            "expb2",
            "about",
            dataset,
            than="optimal",
            within=1.0,
        ),
        _claim("expb2 fails early", "expb2", "above", dataset, than="sieve", cost=0.25),
        _claim(
            "expb0.5 is better early than expb2",
            "expb0.5",
            "below",
            dataset,
            than="expb2",
            cost=0.25,
        ),
        _claim("expb0.5 fails late", "expb0.5", "above", dataset, than="sieve"),
        _claim(
            "linear ends near the optimal, within a point",
            "linear",
            "about",
            dataset,
            than="optimal",
            within=1.0,
        ),
        _claim(
            "... and is worse on the way: above sieve at half",
            "linear",
            "above",
            dataset,
            than="sieve",
            cost=0.5,
        ),
    )


EXPERIMENT = Experiment(
    source="002 Table 1, Fig. 2a-c and f",
    title="Errors (%) of weighting schemes, and of training the exits one by one",
    rows=(
        Row("constant", {"weighting": "const"}),
        Row("expb0.5", {"weighting": "exp_base", "base": 0.5}),
        Row("expb2", {"weighting": "exp_base", "base": 2.0}),
        Row("half-end", {"weighting": "half_end"}),
        Row("linear", {"weighting": "linear"}),
        Row("midfeat", {"weighting": "const", "training_mode": "midfeat"}),
        Row("no-grad", {"weighting": "const", "training_mode": "no_grad"}),
        # The text trains in stages; the authors' code stops gradients in one pass.
        Row("no-grad, in stages", {"weighting": "const", "training_mode": "one_by_one"}),
        Row("optimal", {"weighting": "opt"}, every_exit=True),
        Row("sieve", {"weighting": "sieve"}),
    ),
    settings={
        "quick": Settings(networks=(QUICK,), seeds=3, replaces={QUICK: "resann-n5-c16"}),
        "small": Settings(
            networks=("resann-n3-c16",),
            datasets=CIFAR,
            replaces={"resann-n3-c16": "resann-n5-c16"},
        ),
        "medium": Settings(networks=("resann-n5-c16",), datasets=CIFAR, opt_at_milestones=True),
        "paper": Settings(networks=("resann-n5-c16",), datasets=CIFAR, fields={"hold_out": True}),
    },
    lines=("dataset",),
    costs=(AE, *MILESTONES),
    published="002_table1",
    figures=("curves", "training_losses", "weights_over_depth"),
    claims=(*_on_both("cifar10"), *ON_CIFAR10, *_on_both("cifar100"), *ON_CIFAR100),
)
