"""What 001 Tables 3 to 5 share: the full factorial of appendix C.2, 72 runs at the paper's scale;
each table averages over the factors that are not its own."""

import itertools

from experiments.harness.declaration import Claim, Experiment, Row, Settings
from experiments.papers._networks import ABLATION, CIFAR, MEDIUM, QUICK

FACTORS = {"gamma": (0.0, 0.05, 0.15), "average_momentum": (0.9, 0.99), "update_every": (1, 100)}


def settings_of(own: str) -> dict[str, Settings]:
    """The settings of the table of one factor."""
    others = [name for name in FACTORS if name != own]
    crossed = itertools.product(*(FACTORS[name] for name in others))
    variants = tuple(dict(zip(others, values, strict=True)) for values in crossed)
    return {
        "quick": Settings(networks=(QUICK,), seeds=3),
        "small": Settings(networks=("resann-n3-c16",), datasets=CIFAR, seeds=2),
        "medium": Settings(networks=(MEDIUM,), datasets=CIFAR),
        "paper": Settings(networks=ABLATION, datasets=CIFAR, variants=variants),
    }


def without_effect(number: int, title: str, what: str, field: str, letter: str) -> Experiment:
    """The table of a setting of which 001 says that it hardly matters.

    Args:
        number: of the table.
        title: what its numbers are.
        what: the setting in words, for the claims.
        field: the setting in a config.
        letter: the setting in the paper.
    """
    rows = tuple(
        Row(f"{letter}={one}", {"weighting": "adaloss", field: one}) for one in FACTORS[field]
    )
    names = {0.25: "1/4", 0.5: "half", 0.75: "3/4", 1.0: "the end"}
    return Experiment(
        source=f"001 Table {number}",
        title=title,
        rows=rows,
        settings=settings_of(field),
        measure="relative_increase",
        against=rows[0].method,
        published=f"001_table{number}",
        claims=tuple(
            Claim(
                f"{what} does not matter at {name}: less than 1 % on average",
                rows[1].method,
                "between",
                cost=cost,
                bounds=(-1.0, 1.0),
                section="C.2",
            )
            for cost, name in names.items()
        ),
    )
