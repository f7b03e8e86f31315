"""002 Table 1 (and Fig. 2a-d, f): weightings and ways to train one by one, on the held-out images."""

from experiments.harness.declaration import AE, MILESTONES, Claim, Experiment, Row, Settings
from experiments.papers.networks import QUICK

EXPERIMENT = Experiment(
    source="002 Table 1, Fig. 2a-d and f",
    title="Errors (%) of weighting schemes, and of training the exits one by one",
    rows=(
        Row("constant", {"weighting": "const"}),
        Row("expb0.5", {"weighting": "exp_base", "base": 0.5}),
        Row("expb2", {"weighting": "exp_base", "base": 2.0}),
        Row("half-end", {"weighting": "half_end"}),
        Row("linear", {"weighting": "linear"}),
        Row("midfeat", {"weighting": "const", "training_mode": "midfeat"}),
        Row("no-grad", {"weighting": "const", "training_mode": "no_grad"}),
        Row("optimal", {"weighting": "opt"}, every_exit=True),
        Row("sieve", {"weighting": "sieve"}),
    ),
    settings={
        "quick": Settings(networks=(QUICK,), seeds=3, stand_ins={QUICK: "resann-n5-c16"}),
        "small": Settings(
            networks=("resann-n3-c16",),
            datasets=("cifar10", "cifar100"),
            stand_ins={"resann-n3-c16": "resann-n5-c16"},
        ),
        "paper": Settings(
            networks=("resann-n5-c16",), datasets=("cifar10", "cifar100"), fields={"hold_out": True}
        ),
    },
    lines=("dataset",),
    costs=(AE, *MILESTONES),
    published="002_table1",
    figures=("curves", "training_losses", "weights_over_depth"),
    claims=(
        Claim(
            "constant ends above the optimal",
            "constant",
            "above",
            than="optimal",
            where={"dataset": "cifar10"},
        ),
        Claim(
            "sieve ends below constant",
            "sieve",
            "below",
            than="constant",
            where={"dataset": "cifar10"},
        ),
        Claim(
            "half-end ends below constant",
            "half-end",
            "below",
            than="constant",
            where={"dataset": "cifar10"},
        ),
        Claim(
            "constant has the better average",
            "constant",
            "below",
            than="sieve",
            cost=AE,
            where={"dataset": "cifar10"},
        ),
        Claim(
            "sieve averages below half-end",
            "sieve",
            "below",
            than="half-end",
            cost=AE,
            where={"dataset": "cifar10"},
        ),
        Claim(
            "expb2 fails early",
            "expb2",
            "above",
            than="sieve",
            cost=0.25,
            where={"dataset": "cifar10"},
        ),
        Claim("expb0.5 fails late", "expb0.5", "above", than="sieve", where={"dataset": "cifar10"}),
        Claim(
            "midfeat fails on the way",
            "midfeat",
            "above",
            than="sieve",
            cost=0.5,
            where={"dataset": "cifar10"},
        ),
        Claim(
            "no-grad fails at the end",
            "no-grad",
            "above",
            than="sieve",
            where={"dataset": "cifar10"},
        ),
        Claim(
            "no-grad is competitive early",
            "no-grad",
            "below",
            than="sieve",
            cost=0.25,
            where={"dataset": "cifar10"},
        ),
    ),
)
