"""Every weighting scheme with every option of a recipe, pairwise; samplers in turn."""

import itertools

import numpy as np
import pytest

from ann import losses
from ann.losses import Targets
from ann.training import L2SGD, KernelAdamW, averaged_weights

# Mode, targets, whether labels are mixed, optimizer: each value of each meets each scheme.
RECIPES = (
    ("joint", Targets(label_smoothing=0.1, distillation=0.5), True, L2SGD),
    ("no_grad", Targets(), True, KernelAdamW),
    ("equilibrium", Targets(label_smoothing=0.1), False, KernelAdamW),
    ("equilibrium", Targets(distillation=0.5), False, L2SGD),
)
SAMPLERS = dict(zip(losses.schemes(), itertools.cycle([None, *losses.samplers()]), strict=False))
SAMPLERS["opt"] = None  # a sampler needs several exits that are trained


@pytest.mark.parametrize("scheme", losses.schemes())
def test_trains(scheme, dense_chain, random):
    x = random.normal(size=(32, 4)).astype("float32")
    indices = (x[:, 0] > 0).astype("int32")
    soft = 0.8 * np.eye(3, dtype="float32")[indices] + 0.2 / 3
    model = dense_chain(num_exits=2)
    for mode, targets, mixed, optimizer in RECIPES:
        if mode == "no_grad" and losses.get(scheme).needs_gradient_norms:
            with pytest.raises(ValueError, match="needs the gradients of all exits"):
                model.compile(weighting=scheme, training_mode=mode, targets=targets)
            continue
        if scheme == "opt" and (mode == "equilibrium" or targets.distillation):
            with pytest.raises(ValueError, match="opt trains one exit only"):
                model.compile(weighting=scheme, training_mode=mode, targets=targets)
            continue
        y = soft if mixed else indices
        model.compile(
            optimizer(0.05, use_ema=True),
            weighting=scheme,
            sampler=SAMPLERS[scheme],
            training_mode=mode,
            targets=targets,
            run_eagerly=True,
        )
        before = np.mean(targets.losses(y, model(x)), axis=1)
        for _ in range(2):
            model.train_on_batch(x, y)
        after = np.mean(targets.losses(y, model(x)), axis=1)
        recipe = (mode, targets.get_config(), mixed, optimizer)
        assert after[-1] < before[-1], recipe
        weights = np.asarray(model.loss_combiner.exit_weights)
        assert np.isfinite(weights).all(), recipe
        assert (weights >= 0).all(), recipe
        with averaged_weights(model):
            assert np.mean(targets.losses(y, model(x)), axis=1)[-1] < before[-1], recipe
