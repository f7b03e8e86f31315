"""Batches of JPEGs for JAX: decoded on the processor's threads, augmented on the device.

They are those of `ann.data.jpeg_pipeline`, as far as `ann.data.decode` agrees. In training, pixels
are rounded to whole gray levels: a quarter of the bytes travels.
"""

import functools

import numpy as np

from ann.data import jax_augment, philox
from ann.data.ahead import Ahead
from ann.data.decode import view
from ann.data.jax_batches import EvaluationBatches, TrainingBatches
from ann.data.jpegs import ATTEMPTS, JpegDataset


class JpegTrainingBatches(TrainingBatches):
    """The decoded images of a batch travel; the next batches are decoded meanwhile.

    A worker decodes the images of its own part. The others are zeros in its memory.
    """

    steps_per_call = 1

    def __init__(self, dataset: JpegDataset, batch_size: int, **options):
        super().__init__(dataset, batch_size, **options)
        worker, workers = self.part
        size = batch_size // workers
        self._own = range(worker * size, (worker + 1) * size)
        self._views = Ahead(self._tasks, self._end)

    def of_steps(self, steps):
        batches = [self._batch(step) for step in steps.tolist()]
        return {name: np.stack([batch[name] for batch in batches]) for name in batches[0]}

    def _batch(self, step):
        draws = {
            "images": np.zeros((self.batch_size, *self.dataset.image_shape), np.uint8),
            "labels": self.dataset.train.labels[self.numbers(step)],
        }
        draws["images"][self._own] = self._views[step]
        if self.augmented:
            _, flip_seeds, _ = philox.split(self._seeds(step), 3)
            draws["flip"] = philox.uniform(flip_seeds, 1)[:, 0] < 0.5
        return draws

    def _tasks(self, step):
        which, draws = self.numbers(step), [None] * self.batch_size
        if self.augmented:
            window_seeds, _, _ = philox.split(self._seeds(step), 3)
            draws = philox.uniform(window_seeds, 4 * ATTEMPTS).reshape(-1, ATTEMPTS, 4)
        return [functools.partial(self._view, which[own], draws[own]) for own in self._own]

    def _view(self, number, draws):
        pixels = _view(self.dataset.train, number, self.dataset.size, draws)
        return np.round(pixels).astype(np.uint8)

    def _seeds(self, step):
        """One for each image."""
        places = np.arange(step * self.batch_size, (step + 1) * self.batch_size)
        return philox.seeds_of(self.seed, places)

    def images_and_labels(self, arrays, draws):
        x = draws["images"]
        return jax_augment.flip(x, draws["flip"]) if "flip" in draws else x, draws["labels"]


class JpegEvaluationBatches(EvaluationBatches):
    """The test images; the next batches are decoded before they are asked for."""

    def __init__(self, dataset: JpegDataset, batch_size: int):
        super().__init__(dataset, batch_size)
        self._views = Ahead(self._tasks, len(self))

    def images(self, index):
        return np.stack(self._views[index])

    def _tasks(self, index):
        part = self.part(index)
        numbers = range(part.start, part.stop)
        split, size = self.dataset.test, self.dataset.size
        return [functools.partial(_view, split, number, size) for number in numbers]


def _view(split, number, size, draws=None):
    path, content = split.read(number)
    return view(content, path, size, draws)
