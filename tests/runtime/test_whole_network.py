"""When a run over the whole network is told to stop, with a clock that the test moves."""

import itertools
import types

import numpy as np
import pytest

from ann.runtime import whole_network
from ann.runtime.request import Request
from ann.runtime.whole_network import WholeNetworkEngine, WholeRun

EXITS = 5
TICK, TICKS_TO_AN_EXIT = 1e-5, 100  # an exit each millisecond


class Clock:
    """Time, and the watchdog that lives by it."""

    def __init__(self):
        self.now, self.due = 0.0, {}

    def perf_counter(self):
        return self.now

    def call_at(self, when, callback):
        self.due[callback] = when

    def forget(self, callback):
        self.due.pop(callback, None)

    def tick(self):
        self.now += TICK
        for callback in [one for one, when in self.due.items() if when <= self.now]:
            del self.due[callback]
            callback()


class Run(WholeRun):
    def __init__(self, clock):
        super().__init__((EXITS, 1, 2))
        self.clock, self.after_tick = clock, lambda: None
        self.ticks_to_stop = itertools.repeat(0)

    def compute(self, inputs):
        self.stopped = False
        for tick in range(1, EXITS * TICKS_TO_AN_EXIT + 1):
            self.clock.tick()
            self.after_tick()
            if self.stopped:
                self.clock.now += TICK * next(self.ticks_to_stop)
                return False
            if tick % TICKS_TO_AN_EXIT == 0:
                self.answers[tick // TICKS_TO_AN_EXIT - 1] = 0
        return True

    def stop(self):
        self.stopped = True


class OnOneClock(WholeNetworkEngine):
    in_one_call = True

    def __init__(self, clock):
        super().__init__(EXITS)
        self.only_run = Run(clock)

    def new_run(self, batch_size):
        return self.only_run

    begin = step = advance = answer = select = exit_shares = None


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(whole_network, "watchdog", lambda: clock)
    monkeypatch.setattr(
        whole_network, "time", types.SimpleNamespace(perf_counter=clock.perf_counter)
    )
    return clock


def exit_at(engine, clock, seconds):
    """The exit that a run with this deadline reaches."""
    request = Request(clock.now + seconds)
    engine.run([np.zeros((1, 3))], EXITS - 1, request)
    return request.newest[0]


def test_deadlines_before_the_first_answer_cost_later_ones_nothing(clock):
    engine = OnOneClock(clock)
    assert exit_at(engine, clock, 0.0035) == 2
    assert [exit_at(engine, clock, 0.0002) for _ in range(50)] == [0] * 50
    assert exit_at(engine, clock, 0.0035) == 2


def test_an_estimate_from_busy_times_is_forgotten_though_deadlines_are_short(clock):
    engine = OnOneClock(clock)
    engine._stop_mean = 0.001
    assert exit_at(engine, clock, 0.0025) == 0  # told to stop at 1.5 ms
    for _ in range(50):
        exit_at(engine, clock, 0.0005)
    assert exit_at(engine, clock, 0.0025) == 1


def test_deadlines_are_kept_though_some_stops_take_longer(clock):
    engine = OnOneClock(clock)
    engine.only_run.ticks_to_stop = itertools.cycle([10, 30])
    for number in range(100):
        ends = clock.now + 0.0035
        assert exit_at(engine, clock, 0.0035) == 2
        assert number < 20 or clock.now < ends


def test_an_interrupted_run_does_not_say_how_long_a_stop_takes(clock):
    engine = OnOneClock(clock)
    request = Request(clock.now + 0.0045)
    engine.only_run.after_tick = lambda: clock.now > 0.0021 and request.interrupt()
    engine.run([np.zeros((1, 3))], EXITS - 1, request)
    assert request.newest[0] == 1
    assert engine._stop_seconds == 0
