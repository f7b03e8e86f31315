"""The benchmark compares the same network in both frameworks."""

import numpy as np
import pytest

from ann import models
from benchmarks.msdnet_sizes import NETWORKS

torch = pytest.importorskip("torch", reason="the extra [bench] is not installed")

NARROW = {
    "cifar": {**NETWORKS["cifar-b7"], "growth": 2, "channels": 4, "head_width": 8},
    "imagenet": {
        **NETWORKS["imagenet-k4"],
        "growth": 2,
        "channels": 4,
        "num_classes": 10,
        "input_shape": (64, 64, 3),
    },
}


@pytest.mark.parametrize("network", NARROW)
def test_outputs_are_the_same_for_the_same_weights(network, random):
    from benchmarks.torch_msdnet import MSDNet, copy_weights

    ours = models.msdnet(**NARROW[network])
    theirs = MSDNet(**NARROW[network]).eval()
    for weight in ours.weights:
        if "kernel" not in weight.name:
            weight.assign(random.uniform(0.5, 1.5, weight.shape))
    copy_weights(theirs, ours)
    x = random.normal(size=(3, *ours.sample_shape)).astype("float32")
    with torch.no_grad():
        logits = theirs(torch.from_numpy(x).permute(0, 3, 1, 2))
    for mine, other in zip(ours(x), logits, strict=True):
        np.testing.assert_allclose(mine, other.numpy(), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("network", "parameters"), [("imagenet-k4", 23_958_408), ("cifar-b7", 3_067_960 - 7 * 90 * 129)]
)
def test_network_has_as_many_parameters_as_the_released_one(network, parameters):
    # The counts of the released networks, without the bias of the released stem. The CIFAR network
    # has 7 linear layers on 128 channels, here for 10 classes instead of 100.
    from benchmarks.torch_msdnet import MSDNet

    assert sum(p.numel() for p in MSDNet(**NETWORKS[network]).parameters()) == parameters
