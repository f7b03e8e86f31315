import keras
import numpy as np
import pytest

from ann.training import Checkpoint, restore

X, Y = np.random.default_rng(0).normal(size=(16, 4)).astype("float32"), np.arange(16) % 3


def compiled(dense_chain, **kwargs):
    model = dense_chain(**kwargs)
    model.compile(optimizer=keras.optimizers.SGD(0.1, momentum=0.9), weighting="adaloss")
    return model


def test_restores_weights_optimizer_weighting_and_epoch(dense_chain, tmp_path):
    path = tmp_path / "checkpoint.weights.h5"
    model = compiled(dense_chain)
    model.fit(X, Y, batch_size=4, epochs=3, verbose=0, callbacks=[Checkpoint(path)])
    again = compiled(dense_chain)
    assert restore(again, path, steps_per_epoch=4) == 3
    for mine, theirs in zip(
        (*again.weights, *again.optimizer.variables),
        (*model.weights, *model.optimizer.variables),
        strict=True,
    ):
        np.testing.assert_array_equal(mine, theirs)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", "half"])
def test_a_corrupt_file_is_refused(dense_chain, tmp_path, content):
    path = tmp_path / "checkpoint.weights.h5"
    model = compiled(dense_chain)
    model.fit(X, Y, verbose=0, callbacks=[Checkpoint(path)])
    path.write_bytes(
        path.read_bytes()[: path.stat().st_size // 2] if content == "half" else content
    )
    with pytest.raises(ValueError, match="corrupt.*Received: path="):
        restore(compiled(dense_chain), path, steps_per_epoch=1)


def test_another_models_file_is_refused(dense_chain, tmp_path):
    path = tmp_path / "checkpoint.weights.h5"
    compiled(dense_chain).fit(X, Y, verbose=0, callbacks=[Checkpoint(path)])
    other = compiled(dense_chain, num_classes=3)
    other.fit(X, Y, verbose=0, callbacks=[Checkpoint(path)])
    with pytest.raises(ValueError, match="another model"):
        restore(compiled(dense_chain, num_exits=5), path, steps_per_epoch=1)


def test_a_failed_write_keeps_the_last_checkpoint(dense_chain, tmp_path, monkeypatch):
    path = tmp_path / "checkpoint.weights.h5"
    model = compiled(dense_chain)
    model.fit(X, Y, verbose=0, callbacks=[Checkpoint(path)])
    before = path.read_bytes()

    def full_disk(file, **kwargs):
        file.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(model, "save_weights", full_disk)
    with pytest.raises(OSError, match="No space"):
        model.fit(X, Y, verbose=0, callbacks=[Checkpoint(path)])
    assert path.read_bytes() == before
