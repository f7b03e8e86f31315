import os
import signal
import threading

import pytest

from ann.commands.train import _ended_by_signals
from ann.runs.signals import Stopped, stop_on_signals


@pytest.fixture(autouse=True)
def _as_on_a_terminal():
    """A job in the background is started with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_stops_where_it_comes(signum, code):
    before = signal.getsignal(signum)
    with pytest.raises(Stopped) as caught, stop_on_signals():
        os.kill(os.getpid(), signum)
    assert caught.value.exit_code == code
    assert signal.getsignal(signum) == before


def test_inside_the_training_loop_it_waits_for_the_step():
    steps = []
    with pytest.raises(Stopped), stop_on_signals() as stop:  # noqa: PT012 (what comes after it)
        assert not stop.requested()
        with stop.at_next_step():
            os.kill(os.getpid(), signal.SIGTERM)
            steps.append("finished")
            assert stop.requested()
            assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL  # a second one ends at once
        steps.append("not reached")
    assert steps == ["finished"]


def test_an_error_in_the_loop_is_not_hidden_by_a_signal():
    def fails_after_a_signal():
        os.kill(os.getpid(), signal.SIGTERM)
        return 1 / 0

    with pytest.raises(ZeroDivisionError), stop_on_signals() as stop, stop.at_next_step():
        fails_after_a_signal()


def test_what_the_process_ignores_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stop_on_signals() as stop:
            os.kill(os.getpid(), signal.SIGINT)
            assert not stop.requested()
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_leave_signals_alone():
    seen = []

    def work():
        with stop_on_signals():
            seen.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_the_command_ends_with_a_line_and_an_exit_code(tmp_path, capsys, signum, code):
    (tmp_path / "checkpoints").mkdir()
    for name in ("checkpoint_000000040", "checkpoint_000000123", "checkpoint_best"):
        (tmp_path / "checkpoints" / f"{name}.state").write_text("")
    with pytest.raises(SystemExit) as ended, _ended_by_signals(tmp_path):
        os.kill(os.getpid(), signum)
    assert ended.value.code == code
    (line,) = capsys.readouterr().err.splitlines()
    name = signal.Signals(signum).name
    assert line.startswith(f"stopped by {name}: 123 steps are saved. The same command with --start")
