"""What 001 Tables 3 to 5 share: the full factorial of appendix C.2, 72 runs at the paper's scale;
each table averages over the factors that are not its own."""

import itertools

from experiments.harness.declaration import Settings
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
