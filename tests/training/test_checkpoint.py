import logging
import shutil

import keras
import numpy as np
import pytest

from ann.training import (
    Checkpoints,
    DamagedStateError,
    Position,
    averaged_weights,
    load_weights,
    state_file,
)
from ann.training.checkpoint import state_of

X, Y = np.random.default_rng(0).normal(size=(16, 4)).astype("float32"), np.arange(16) % 3


def compiled(dense_chain, **kwargs):
    model = dense_chain(**kwargs)
    model.compile(optimizer=keras.optimizers.SGD(0.1, momentum=0.9), weighting="adaloss")
    return model


def trained(dense_chain):
    model = compiled(dense_chain)
    model.fit(X, Y, batch_size=4, verbose=0)
    return model


def assert_same_state(mine, theirs):
    for (name, one), (_, other) in zip(state_of(mine), state_of(theirs), strict=True):
        np.testing.assert_array_equal(one, other, err_msg=name)


def test_everything_comes_back(dense_chain, tmp_path):
    model, checkpoints = trained(dense_chain), Checkpoints(tmp_path)
    position = Position(4, epoch=2, step=3, seconds=1.5, best=12.5, best_by="val_loss")
    checkpoints.save(model, position)
    again = compiled(dense_chain)
    assert checkpoints.restore(again) == position
    assert_same_state(again, model)
    names = {name for name, _ in state_of(model)}
    assert {"optimizer/iteration", "metrics/loss_sums", "combiner/running_losses"} <= names
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint_000000011.state"]


def test_there_may_be_none(dense_chain, tmp_path):
    assert Checkpoints(tmp_path / "nowhere").restore(compiled(dense_chain)) is None


def test_the_newest_and_the_best_are_kept(dense_chain, tmp_path):
    model, checkpoints = trained(dense_chain), Checkpoints(tmp_path, keep=2)
    for epoch in range(1, 5):
        model.heads[0].layers[-1].bias.assign([epoch, 0.0, 0.0])
        checkpoints.save(model, Position(4, epoch=epoch), is_best=epoch == 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "checkpoint_000000012.state",
        "checkpoint_000000016.state",
        "checkpoint_best.state",
    ]
    for other in (compiled(dense_chain), dense_chain()):
        load_weights(other, checkpoints.best)
        assert other.heads[0].layers[-1].bias.numpy().tolist() == [2, 0, 0]


@pytest.mark.parametrize("mode", ["joint", "heads", "last"])
@pytest.mark.parametrize("weighting", ["adaloss", "uncertainty"])  # the latter is learned
def test_the_weights_of_a_checkpoint_are_those_that_were_evaluated(
    dense_chain, tmp_path, mode, weighting
):
    model, checkpoints = dense_chain(), Checkpoints(tmp_path)
    optimizer = keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.9)
    model.compile(optimizer=optimizer, weighting=weighting, training_mode=mode)
    for _ in range(3):  # `fit` ends with the average in place of the trained weights
        model.train_on_batch(X, Y)
    network = [*model.segments, *model.heads]
    trained = [one.numpy() for link in network for one in link.variables]
    checkpoints.save(model, Position(4, epoch=1), is_best=True)
    with averaged_weights(model):
        evaluated = [one.numpy() for link in network for one in link.variables]
    assert any((one != other).any() for one, other in zip(trained, evaluated, strict=True))
    fresh = dense_chain()
    for averaged, expected in ((True, evaluated), (False, trained)):
        load_weights(fresh, checkpoints.best, averaged=averaged)
        loaded = [one.numpy() for link in (*fresh.segments, *fresh.heads) for one in link.variables]
        for one, other in zip(loaded, expected, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("damage", ["nothing left", "half", "a flipped bit"])
def test_a_damaged_newest_one_falls_back_to_the_one_before(dense_chain, tmp_path, caplog, damage):
    model, checkpoints = trained(dense_chain), Checkpoints(tmp_path)
    for epoch in (1, 2):
        checkpoints.save(model, Position(4, epoch=epoch))
    newest = checkpoints.newest_first()[0]
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 4
    newest.write_bytes(
        {"nothing left": b"", "half": content[: len(content) // 2]}.get(damage, content)
    )
    again = compiled(dense_chain)
    with caplog.at_level(logging.WARNING):
        assert checkpoints.restore(again) == Position(4, epoch=1)
    assert "checkpoint_000000008.state is wrong" in caplog.text
    assert "the checkpoint before it" in caplog.text
    assert_same_state(again, model)
    # What is damaged takes no place among those that are kept.
    checkpoints.save(model, Position(4, epoch=1, step=2))
    assert len(checkpoints.newest_first()) == 2


def test_where_all_are_damaged_training_does_not_start_over(dense_chain, tmp_path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(trained(dense_chain), Position(4, epoch=1))
    checkpoints.newest_first()[0].write_bytes(b"scrambled")
    with pytest.raises(ValueError, match="all 1 checkpoints.*are damaged"):
        checkpoints.restore(compiled(dense_chain))
    with pytest.raises(DamagedStateError):
        state_file.read(tmp_path / "checkpoint_000000004.damaged")


def test_another_models_state_is_refused(dense_chain, tmp_path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(trained(dense_chain), Position(4, epoch=1))
    for other in (compiled(dense_chain, num_exits=5), compiled(dense_chain, num_classes=4)):
        with pytest.raises(ValueError, match="belongs to another model.*Received: path="):
            checkpoints.restore(other)
    assert len(checkpoints.newest_first()) == 1


def test_a_write_that_fails_keeps_the_earlier_ones(dense_chain, tmp_path, monkeypatch):
    model, checkpoints = trained(dense_chain), Checkpoints(tmp_path, keep=1)
    checkpoints.save(model, Position(4, epoch=1))
    write = state_file.write

    def cut(path, facts, arrays):
        write(path, facts, arrays)
        path.write_bytes(path.read_bytes()[:-1])

    monkeypatch.setattr(state_file, "write", cut)
    with pytest.raises(OSError, match="cannot be read back"):
        checkpoints.save(model, Position(4, epoch=2))
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint_000000004.state"]


def test_leftovers_of_killed_writes_are_removed(dense_chain, tmp_path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(trained(dense_chain), Position(4, epoch=1))
    shutil.copy(checkpoints.newest_first()[0], tmp_path / ".partial-abc-checkpoint_000000008.state")
    checkpoints.remove_leftovers()
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint_000000004.state"]


def test_none_kept_is_refused(tmp_path):
    with pytest.raises(ValueError, match="Received: keep=0"):
        Checkpoints(tmp_path, keep=0)
