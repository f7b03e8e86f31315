"""What the service counts, for Prometheus."""

import prometheus_client

_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class Metrics:
    """Counters and histograms of one service.

    Args:
        exit_names: of the network, to be counted from 0.

    Attributes:
        requests: counter by `path` and `status`.
        seconds: histogram, from a request's headers to its answer.
        exits: counter by `exit` that answered.
        late: counter of answers that came too late.
        reloads: counter by `result`.
    """

    def __init__(self, exit_names):
        self._registry = prometheus_client.CollectorRegistry()
        self.requests = self._counter(
            "anytime_requests", "Requests by path and status.", ["path", "status"]
        )
        self.exits = self._counter(
            "anytime_answers", "Answers by the exit that gave them.", ["exit"]
        )
        self.late = self._counter(
            "anytime_late_answers",
            "Answers that came after their deadline, or whose first exit exceeds the budget.",
        )
        self.reloads = self._counter("anytime_reloads", "Reloads by result.", ["result"])
        self.seconds = prometheus_client.Histogram(
            "anytime_answer_seconds",
            "From the headers of a request to its answer.",
            buckets=_SECONDS,
            registry=self._registry,
        )

        for name in exit_names:
            self.exits.labels(name)

    def watch(self, waiting) -> None:
        """Reports what `waiting()` returns as the number of images that wait."""
        gauge = prometheus_client.Gauge(
            "anytime_waiting_images", "Images that wait for their turn.", registry=self._registry
        )
        gauge.set_function(waiting)

    def _counter(self, name, text, labels=()):
        return prometheus_client.Counter(name, text, labels, registry=self._registry)

    def text(self) -> bytes:
        """All of them in Prometheus's text format."""
        return prometheus_client.generate_latest(self._registry)
