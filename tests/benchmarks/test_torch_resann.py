"""The benchmark compares the same network in both frameworks."""

import numpy as np
import pytest

from ann import models

torch = pytest.importorskip("torch", reason="the extra [bench] is not installed")


def test_outputs_are_the_same_for_the_same_weights(random):
    from benchmarks.torch_resann import ResANN, copy_weights

    ours = models.build("resann-n2-c4")
    theirs = ResANN(2, 4).eval()
    for weight in ours.weights:
        if "kernel" in weight.name:
            weight.assign(random.normal(0, 0.2, weight.shape))
        else:
            weight.assign(random.uniform(0.5, 1.5, weight.shape))
    copy_weights(theirs, ours)
    x = random.normal(size=(3, 32, 32, 3)).astype("float32")
    with torch.no_grad():
        logits = theirs(torch.from_numpy(x).permute(0, 3, 1, 2))
    for mine, other in zip(ours(x), logits, strict=True):
        np.testing.assert_allclose(mine, other.numpy(), rtol=1e-3, atol=1e-3)
    parameters = sum(p.numel() for p in theirs.parameters())
    assert parameters == sum(int(np.prod(w.shape)) for w in ours.trainable_weights)
