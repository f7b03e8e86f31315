"""The MSDNets that are compared, as arguments of `ann.models.msdnet` and of `torch_msdnet`."""

_IMAGENET = {
    "growth": 16,
    "channels": 32,
    "factors": (1, 2, 4, 4),
    "num_classes": 1000,
    "input_shape": (224, 224, 3),
}
_CIFAR = {
    "growth": 6,
    "channels": 16,
    "factors": (1, 2, 4),
    "head_width": 128,
    "num_classes": 10,
    "input_shape": (32, 32, 3),
}

NETWORKS = {
    "imagenet-k4": {"steps": (4,) * 5, **_IMAGENET},
    "imagenet-k7": {"steps": (7,) * 5, **_IMAGENET},
    "cifar-b7": {"steps": (4, *(2,) * 6), **_CIFAR},
    "cifar-b2": {"steps": (4, 2), **_CIFAR},
}
