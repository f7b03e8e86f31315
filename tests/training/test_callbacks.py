import numpy as np
import pandas as pd
import pytest

from ann.training import EpochLog, ExitWeightLog, RaiseOnNaN


@pytest.fixture
def model(dense_chain):
    model = dense_chain()
    model.compile(weighting="linear")
    return model


X, Y = np.random.default_rng(0).normal(size=(16, 4)).astype("float32"), np.arange(16) % 3


def test_a_nan_stops_with_the_name_of_the_exit(model):
    model.heads[1].layers[-1].bias.assign(np.full(3, np.nan, "float32"))
    with pytest.raises(
        FloatingPointError, match=r"at exit_01 \(1 of 3 exits\).*Received: loss=nan"
    ):
        model.fit(X, Y, verbose=0, callbacks=[RaiseOnNaN()])


def test_a_finite_run_goes_on(model):
    model.fit(X, Y, verbose=0, callbacks=[RaiseOnNaN()])


def test_epoch_log_has_losses_errors_and_weights_of_every_exit(model, tmp_path):
    callbacks = [ExitWeightLog(), EpochLog(tmp_path / "epochs.csv")]
    model.fit(X, Y, epochs=2, validation_data=(X, Y), verbose=0, callbacks=callbacks)
    log = pd.read_csv(tmp_path / "epochs.csv")
    assert log.epoch.tolist() == [0, 1]
    for name in model.exit_names:
        assert {
            f"{name}_loss",
            f"{name}_error",
            f"{name}_weight",
            f"val_{name}_loss",
            f"val_{name}_error",
        } <= set(log.columns)
    np.testing.assert_allclose(
        log[[f"{name}_weight" for name in model.exit_names]], [[0.25, 0.625, 1]] * 2
    )
    assert log.learning_rate.tolist() == pytest.approx([0.01] * 2)


def test_epoch_log_drops_rows_of_epochs_done_again(model, tmp_path):
    path = tmp_path / "epochs.csv"
    model.fit(X, Y, epochs=3, verbose=0, callbacks=[EpochLog(path)])
    first = pd.read_csv(path)
    model.fit(X, Y, initial_epoch=1, epochs=3, verbose=0, callbacks=[EpochLog(path)])
    second = pd.read_csv(path)
    assert second.epoch.tolist() == [0, 1, 2]
    assert second.loss[0] == first.loss[0]
    assert second.loss[2] != first.loss[2]
