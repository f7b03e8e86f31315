"""A network in service with its queue: what a reload replaces as a whole."""

import asyncio
import contextlib

from ann.runtime.service import bodies
from ann.runtime.service.scheduler import Scheduler

_POLL_SECONDS = 0.05


class Served:
    """A predictor, its queue, and what its manifest says about requests.

    Args:
        predictor: `AnytimePredictor` whose latency is measured.
        workers: images that run at a time.
        max_waiting: images that may wait.
        max_batch: images in a batch.
        class_names: name of each class, or None.
        scheduler: class of the queue.

    Attributes:
        formats, batch_formats: see `ann.runtime.service.bodies`.
        class_names, scheduler, predictor: as given or made.

    Raises:
        ValueError: another number of class names than of classes.
    """

    def __init__(
        self, predictor, workers, max_waiting, max_batch, class_names=None, scheduler=Scheduler
    ):
        manifest = predictor.manifest
        names = class_names or manifest.get("class_names")
        if names and len(names) != manifest["num_classes"]:
            raise ValueError(
                f"class names: one for each of {manifest['num_classes']} classes. "
                f"Received: {len(names)}"
            )
        self.predictor, self.class_names = predictor, names
        taken = manifest["input"]
        if taken is None or len(manifest.get("logits_shape", ())) > 1:
            raise ValueError(
                "the service takes networks of one input and one answer for it; "
                "ann.runtime.AnytimePredictor runs the others. "
                f"Received: inputs {predictor.input_names}, answers of shape "
                f"{manifest.get('logits_shape')}"
            )
        shape, dtype = taken["shape"], taken["dtype"]
        self.formats = bodies.formats(shape, dtype, taken.get("largest", 255))
        self.batch_formats = bodies.batch_formats(shape, dtype, max_batch)
        if predictor.latency is None:
            predictor.measure_latency()
        self.scheduler = scheduler(predictor, workers, max_waiting)
        self._users = 0

    @property
    def has_heavy_bodies(self) -> bool:
        """Whether requests may hold what takes long to decode."""
        one = self.formats["application/json"].max_bytes
        return "image/png" in self.formats or one > 2**16

    @property
    def has_costs(self) -> bool:
        """Whether the MACs of the exits are known."""
        return all(exit["macs"] is not None for exit in self.predictor.manifest["exits"])

    def summary(self) -> dict:
        """What `GET /` says."""
        manifest, latency = self.predictor.manifest, self.predictor.latency.tolist()
        exits = [
            {**exit, "seconds": seconds}
            for exit, seconds in zip(manifest["exits"], latency, strict=True)
        ]
        about = {name: manifest[name] for name in ("model", "input", "num_classes", "versions")}
        return {
            **about,
            "engine": self.predictor.engine,
            "accepts": list(self.formats),
            "class_names": self.class_names,
            "exits": exits,
        }

    @contextlib.contextmanager
    def in_use(self):
        """Keeps this open for a request."""
        self._users += 1
        try:
            yield self
        finally:
            self._users -= 1

    async def unused(self) -> None:
        """Waits until no request needs this."""
        while self._users:
            await asyncio.sleep(_POLL_SECONDS)

    def close(self) -> None:
        """Ends when the images that wait are answered."""
        self.scheduler.close()
