"""How long and on how much each scale trains: fields of `RunConfig` by data set, as data.

`quick` is minutes on 2 cores. `small` is hours on 2 cores or minutes on a GPU: 5,000 images many
times over, so that the losses of the exits come to differ as they do in the papers. `medium` is
days on 2 cores or hours on a GPU: all training images, a fifth of the papers' epochs. `paper` is
as published, with three seeds, because a verdict needs several; batch sizes are those of the
authors' scripts where the papers print none.
"""

# With few training images the 10,000 test images would take most of the time: they are seen seldom.
_CIFAR = {"batch_size": 128, "epochs": 300, "evaluate_every": 10}
_ON_CPU = {"batch_size": 64, "precision": "mixed_bfloat16"}
_SMALL = {**_ON_CPU, "train_examples": 5000, "epochs": 60, "evaluate_every": 20}
_MEDIUM = {
    "batch_size": 128,
    "precision": "mixed_bfloat16",
    "epochs": 60,
    "evaluate_every": 10,
    "checkpoint_every_steps": 100,
}

FIELDS = {
    "quick": {
        "cifar10": {**_ON_CPU, "train_examples": 1500, "epochs": 24, "evaluate_every": 24},
        "digits": {**_ON_CPU, "epochs": 24, "evaluate_every": 24},
    },
    "small": {name: _SMALL for name in ("cifar10", "cifar100", "svhn")},
    "medium": {name: _MEDIUM for name in ("cifar10", "cifar100")},
    "paper": {
        "cifar10": _CIFAR,
        "cifar100": _CIFAR,
        "svhn": {"batch_size": 128, "epochs": 60},
        "imagenet2012": {"batch_size": 256, "epochs": 90, "lr_drop_at": (1 / 3, 2 / 3)},
    },
}

# Seeds of a table that does not say how many. The papers trained each network once; a verdict needs
# several seeds.
SEEDS = {"quick": 1, "small": 1, "medium": 1, "paper": 3}

# What a paper does otherwise than 001, by data set: only 001 blurs SVHN.
OF_PAPER = {paper: {"svhn": {"blur": False}} for paper in ("002", "003")}

# Training images, classes and shape of an image: what a plan needs to know of data that need not be
# there.
DATASETS = {
    "digits": (1437, 10, (8, 8, 1)),
    "cifar10": (50_000, 10, (32, 32, 3)),
    "cifar100": (50_000, 100, (32, 32, 3)),
    "svhn": (604_388, 10, (32, 32, 3)),
    "imagenet2012": (1_281_167, 1000, (224, 224, 3)),
    "synthetic": (512, 10, (8, 8, 3)),
}
