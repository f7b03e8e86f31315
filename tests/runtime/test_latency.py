"""The table of latencies follows what calls take."""

import numpy as np

from ann.runtime.latency import LatencyEstimate


def followed(*calls):
    estimate = LatencyEstimate([1.0, 2.0, 4.0])
    for _ in range(300):
        for exit, seconds, stopped in calls:
            estimate.follow(exit, seconds, stopped)
    return estimate.seconds


def test_it_follows_whole_calls():
    np.testing.assert_allclose(followed((2, 12.0, False)), [3.0, 6.0, 12.0], rtol=1e-3)
    np.testing.assert_allclose(followed((0, 0.5, False)), [0.5, 1.0, 2.0], rtol=1e-3)


def test_a_stopped_call_says_only_what_it_passed():
    np.testing.assert_array_equal(followed((1, 3.0, True)), [1.0, 2.0, 4.0])  # as expected
    np.testing.assert_allclose(followed((0, 6.0, True)), [3.0, 6.0, 12.0], rtol=1e-3)
    np.testing.assert_allclose(followed((1, 1.0, True)), [0.5, 1.0, 2.0], rtol=1e-3)


def test_one_call_that_was_held_up_changes_little():
    estimate = LatencyEstimate([1.0, 2.0])
    estimate.follow(1, 1000.0, False)
    assert estimate.seconds[1] < 2.2
