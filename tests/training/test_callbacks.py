import numpy as np
import pandas as pd
import pytest

from ann.evaluation import curves_png
from ann.training import EpochCharts, EpochLog, ExitWeightLog, RaiseOnNaN


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


def chart_steps(folder):
    """Charts of an event folder: name -> steps."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder))
    events.Reload()
    return {tag: [event.step for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def test_charts_hold_each_epoch_once_when_training_goes_on(model, tmp_path):
    def fit(first, last):
        log = EpochLog(tmp_path / "epochs.csv")
        callbacks = [ExitWeightLog(), log, EpochCharts(tmp_path / "charts", log.path)]
        options = {"initial_epoch": first, "epochs": last, "validation_data": (X, Y), "verbose": 0}
        model.fit(X, Y, callbacks=callbacks, **options)

    fit(0, 3)
    fit(2, 4)  # the third epoch again
    train, validation = (
        chart_steps(tmp_path / "charts" / kind) for kind in ("train", "validation")
    )
    assert set(train) == {
        *("loss", "average_error", "final_error", "learning_rate"),
        *(f"{what}/exit_0{k}" for what in ("loss", "error", "weight") for k in range(3)),
    }
    assert "loss/exit_02" in validation
    assert all(steps == [0, 1, 2, 3] for steps in (*train.values(), *validation.values()))
    assert len(list((tmp_path / "charts" / "train").iterdir())) == 1


def test_a_picture_of_each_evaluated_epoch_and_the_settings_of_the_run(model, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log, folder = EpochLog(tmp_path / "epochs.csv"), tmp_path / "charts"
    seen = []

    def draw(logs):
        seen.append(logs["val_exit_00_error"])
        curve = pd.DataFrame({"macs": [1.0, 2.0], "error_top1": [40.0, seen[-1]]})
        return curves_png({"const": curve}, title="test")

    settings = {"weighting": "const", "epochs": 2}
    charts = EpochCharts(folder, log.path, draw=draw, settings=settings)
    model.fit(X, Y, epochs=2, validation_data=(X, Y), callbacks=[log, charts], verbose=0)
    events = EventAccumulator(str(folder / "validation"))
    events.Reload()
    pictures = events.Images("error_against_cost")
    assert [picture.step for picture in pictures] == [0, 1] == list(range(len(seen)))
    assert pictures[0].encoded_image_string.startswith(b"\x89PNG")
    assert (pictures[0].width, pictures[0].height) == (960, 660)
    settings = EventAccumulator(str(folder))
    settings.Reload()
    assert (
        "hparams"
        in settings.summary_metadata["_hparams_/session_start_info"].plugin_data.plugin_name
    )


def test_earlier_rows_of_the_log_stay_as_they_were_written(model, tmp_path):
    path = tmp_path / "epochs.csv"
    model.fit(X, Y, epochs=1, verbose=0, callbacks=[EpochLog(path)])
    before = path.read_text()
    model.fit(X, Y, initial_epoch=1, epochs=4, verbose=0, callbacks=[EpochLog(path)])
    assert path.read_text().startswith(before)
