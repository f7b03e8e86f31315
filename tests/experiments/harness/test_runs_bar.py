import io
import sys

import pytest

from experiments.harness.runs_bar import RunsBar


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def paths(tmp_path):
    """Two runs of four epochs: one whose first epoch is in its log, which trains; one not begun."""
    begun, waiting = tmp_path / "begun", tmp_path / "waiting"
    begun.mkdir()
    (begun / "epochs.csv").write_text("epoch,loss\n0,1.0\n")
    (begun / ".lock_holder.json").write_text("{}")
    return begun, waiting


def test_a_terminal_shows_the_runs_finished_and_the_epoch_in_progress(paths, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    bar = RunsBar(dict.fromkeys(paths, 4), {paths[0]: 300, paths[1]: 100})
    bar.show()
    assert "0/2 runs; begun epoch 1/4" in sys.stderr.getvalue()
    assert bar.bar.n == 75
    bar.end(paths[1], "finished in 3 s")
    bar.close()
    assert "1/2 runs; begun epoch 1/4" in sys.stderr.getvalue()
    assert bar.bar.n == 175


def test_a_log_file_has_a_line_for_each_run(paths, capsys):
    bar = RunsBar(dict.fromkeys(paths, 4), {paths[0]: 300, paths[1]: 100})
    bar.show()
    bar.end(paths[0], "finished in 3 s")
    bar.end(paths[1], "failed: ValueError")
    bar.close()
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [
        "0/2 runs are finished",
        "1/2 runs: begun finished in 3 s",
        "2/2 runs: waiting failed: ValueError",
    ]
    assert shown.err == ""
