"""Networks and settings that several tables of the papers share."""

from experiments.harness.declaration import Settings

# 001 note 3: twelve ResANNs; 002 section 4.4 adds one.
TWELVE = (
    *tuple(f"resann-n{n}-c{c}" for c in (16, 32) for n in (7, 9, 13, 17, 25)),
    "resann-n9-c64",
    "resann-n9-c128",
)
THIRTEEN = (*TWELVE, "resann-n13-c64")

# 001 Appendix C.2.
ABLATION = tuple(f"resann-n{n}-c32" for n in (9, 17, 25))

# 001 note 4: small ones for AdaLoss, about twice as large ones for CONST.
PAIRS = tuple(
    (f"resann-n{n}-c{c}", f"resann-n{m}-c{c}")
    for c in (16, 32)
    for n, m in ((7, 13), (9, 17), (13, 25))
)

CIFAR_AND_SVHN = ("cifar10", "cifar100", "svhn")

# The smaller scales.
QUICK = "resann-n3-c8"
QUICK_PAIR = ("resann-n3-c8", "resann-n6-c8")
QUICK_SEQUENCE = ("resann-n1-c8", "resann-n3-c8", "resann-n6-c8")
SMALL = ("resann-n3-c16", "resann-n5-c16")
SMALL_PAIR = SMALL  # 1.7 times the cost
SMALL_SEQUENCE = ("resann-n1-c16", "resann-n2-c16", "resann-n5-c16")

# Families of 001 Table 2 and what stands for them at the smaller scales.
FAMILIES = ("resann50", "denseann169", "msdnet38")
QUICK_FAMILIES = {
    "resann-n3-c8": "resann50",
    "denseann-n4-g8": "denseann169",
    "msdnet-cifar-b4": "msdnet38",
}
SMALL_FAMILIES = {
    "resann-n7-c16": "resann50",
    "denseann-n8-g12": "denseann169",
    "msdnet-cifar-b7": "msdnet38",
}
# 001 section 5.3 and its baselines: plain networks of linearly growing size.
QUICK_LINEAR = tuple(f"resann-n{n}-c8" for n in (1, 2, 3, 4, 5, 6))
SMALL_LINEAR = tuple(f"resann-n{n}-c16" for n in (1, 2, 3, 4, 5))
ILSVRC_LINEAR = ("resann14", "resann18", "resann26", "resann34", "resann50", "resann101")
ILSVRC_DENSENETS = ("denseann121", "denseann169", "denseann201")

# All training images, on the papers' smallest networks.
MEDIUM = "resann-n7-c16"
MEDIUM_PAIR = ("resann-n7-c16", "resann-n13-c16")
MEDIUM_SEQUENCE = ("resann-n1-c16", "resann-n3-c16", "resann-n7-c16")
CIFAR = ("cifar10", "cifar100")

QUICK_MSDNETS = ("msdnet-cifar-b3", "msdnet-cifar-b4")
SMALL_MSDNETS = ("msdnet-cifar-b5", "msdnet-cifar-b7")


def on_ilsvrc(quick: tuple, small: tuple, paper: tuple) -> dict[str, Settings]:
    """Settings of a table of ILSVRC, one tuple of networks for each scale; CIFAR-10 stands in for
    it at the smaller ones."""
    stand_in = "CIFAR-10 in place of ILSVRC"
    return {
        "quick": Settings(networks=(quick,), stand_in=stand_in),
        "small": Settings(networks=(small,), stand_in=stand_in),
        "paper": Settings(networks=(paper,), datasets=("imagenet2012",)),
    }
