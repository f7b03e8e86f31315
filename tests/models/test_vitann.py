"""Vision transformers: sizes as published, costs by hand."""

import keras
import numpy as np
import pytest

from ann import costs, models


@pytest.mark.parametrize(
    ("size", "params"),
    # DeiT-Ti and DeiT-S have 5,717,416 and 22,050,664 parameters (Touvron et al., ICML 2021: 5 and
    # 22 million; the digits are those of the authors' released networks).
    [("ti", 5_717_416), ("s", 22_050_664)],
)
def test_parameters_are_those_published(size, params):
    model = models.build(f"vitann-{size}", s=12)
    assert model.num_exits == 1
    assert model.count_params() == params
    assert costs.profile(model).params.item() == params


def test_costs_by_hand():
    tokens, width = 1 + 16, 24
    patches = 16 * (8 * 8 * 3) * width
    attention = 4 * tokens * width**2 + 2 * tokens**2 * width
    block = attention + 2 * tokens * width * 4 * width
    model = models.build("vitann-n4-c24", heads=3, s=2, patch=8)
    assert costs.profile(model).macs_pruned.tolist() == [
        patches + 2 * block + width * 10,
        patches + 4 * block + width * 10,
    ]
    assert set(costs.by_layer(model).counted) == {"rule"}


def test_the_class_token_answers_and_sees_every_patch(random):
    model = models.build("vitann-n2-c16")
    x = random.normal(size=(2, 32, 32, 3)).astype("float32")
    state = model.segments[0](x)
    assert state.shape == (2, 65, 16)
    changed = np.array(state)
    changed[:, 1:] = 0
    np.testing.assert_allclose(model.heads[0](changed), model(x)[0], atol=1e-6)
    x[:, 28:, 28:] += 1  # the last patch
    assert np.abs(model(x)[0] - model.heads[0](state)).max() > 1e-5


def test_positions_tell_patches_apart(random):
    model = models.build("vitann-n1-c16", pooling="mean")
    x = random.normal(size=(1, 32, 32, 3)).astype("float32")
    swapped = np.concatenate([x[:, 4:8], x[:, :4], x[:, 8:]], axis=1)
    assert np.abs(model(x)[0] - model(swapped)[0]).max() > 1e-5
    (position,) = [layer for layer in model.segments[0].layers if layer.name == "position"]
    position.position.assign(keras.ops.zeros_like(position.position))
    np.testing.assert_allclose(model(x)[0], model(swapped)[0], atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"patch": 5}, "multiples of the patch. Received: .*patch=5"),
        ({"heads": 3}, "multiple of the heads. Received: c=16, heads=3"),
        ({"pooling": "max"}, "Received: pooling='max'"),
        ({"s": 3}, "Received: s=3"),
        ({"dropout": 1.0}, "Received: dropout=1.0"),
        ({"depth": 3}, r"has no such argument: it takes \['n', 'c', 's', .* Received: depth=3"),
    ],
)
def test_what_cannot_be_built_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        models.build("vitann-n2-c16", **arguments)
