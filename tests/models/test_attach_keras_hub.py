"""Exits for KerasHub's networks, random weights: they train, are saved and loaded, and are counted.

KerasHub is a requirement of these tests alone.
"""

import keras
import numpy as np
import pytest

from ann import costs, models

pytest.importorskip("keras_hub")

from benchmarks import attach_matrix

# Family -> units, exits at every unit. ViT: between the blocks of one layer; BERT: the last exit
# reads the pooled token; mobile networks of KerasHub: blocks are layers. The others are in
# benchmarks/attach_matrix.py.
NETWORKS = {"ViT": 3, "BERT": 3, "MobileNet (KerasHub)": 5}


@pytest.mark.parametrize("name", NETWORKS)
def test_backbones_get_exits_between_their_blocks(name, tmp_path):
    plain = attach_matrix.FAMILIES[name]()
    model = models.attach_exits(plain, every=1, num_classes=3)
    assert model.num_exits == NETWORKS[name]
    x = attach_matrix.inputs_like(plain, 4)
    model.compile(optimizer=keras.optimizers.SGD(1e-3), weighting="adaloss", run_eagerly=True)
    assert np.isfinite(model.fit(x, np.arange(4) % 3, verbose=0).history["loss"][0])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for mine, theirs in zip(loaded(x), model(x), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-4)
    shape = keras.tree.map_structure(lambda array: array.shape[1:], x)
    assert (costs.profile(model, input_shape=shape).macs_pruned.diff()[1:] > 0).all()


def test_a_transformer_by_hand():
    plain = attach_matrix.FAMILIES["GPT2"]()
    model = models.attach_exits(plain, every=1, num_classes=3)
    profile = costs.profile(model, input_shape={"token_ids": (7,), "padding_mask": (7,)})
    # 7 tokens of 16 channels: 4 linear maps, 2 products of 7 x 7, and 16 -> 32 -> 16.
    block = 7 * 4 * 16 * 16 + 2 * 7 * 7 * 16 + 2 * 7 * 16 * 32
    assert profile.macs_pruned.tolist() == [(k + 1) * block + 16 * 3 for k in range(3)]
    table = costs.by_layer(model, input_shape={"token_ids": (7,), "padding_mask": (7,)})
    assert set(table[table.kind == "TransformerDecoder"].counted) == {"traced"}
    with pytest.raises(ValueError, match="sizes must be fixed; `input_shape=`"):
        costs.profile(model)
