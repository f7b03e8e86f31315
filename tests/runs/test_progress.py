from ann.models.progress import AnytimeProgbar
from ann.runs.progress import EpochLines, progress_callback

LOGS = {
    "loss": 1.23456,
    "final_error": 30.0,
    "exit_00_loss": 2.0,
    "val_final_error": 40.0,
    "seconds": 2.5,
    "images_per_second": 400.0,
}


def test_a_line_for_each_epoch(capsys):
    EpochLines(8).on_epoch_end(1, LOGS)
    expected = "epoch 2/8: loss 1.235, final_error 30, val_final_error 40, 2.5 s, 400 images/s\n"
    assert capsys.readouterr().out == expected


def test_what_is_shown_for_each_level():
    assert progress_callback(0, 8) == []
    assert isinstance(progress_callback(1, 8)[0], AnytimeProgbar)
    assert isinstance(progress_callback(2, 8)[0], EpochLines)
