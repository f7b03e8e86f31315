"""Compares the speed of the ILSVRC pipeline with that of JPEG decoding alone, on real images.

    python -m benchmarks.imagenet_input --images=<folder of JPEGs>

The pipelines for training (both presets) and for evaluation go from files to normalized batches.
They take turns with a pipeline that only reads and fully decodes the same files. Only one pipeline
runs at a time, and it is restarted for each turn. The project promises at least 0.8 times the speed
of decoding with the preset `paper`.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import dataclasses
import pathlib
import statistics
import tempfile
import time

import tensorflow as tf
from absl import app, flags
from tqdm import tqdm

from ann import data

ROOT = pathlib.Path(__file__).parent.parent

_IMAGES = flags.DEFINE_string(
    "images", str(ROOT.parent / "shared/datasets/imagenet_sample"), "Folder of JPEG files."
)
_BATCH = flags.DEFINE_integer("batch_size", 64, "Images per batch.", lower_bound=1)
_BATCHES = flags.DEFINE_integer("batches", 24, "Batches per turn.", lower_bound=1)
_ROUNDS = flags.DEFINE_integer("rounds", 9, "Turns per pipeline.", lower_bound=1)
_WARM_UP = 4  # Batches before the clock starts, while tf.data chooses its parallelism.


def class_folders(images: list[pathlib.Path], count: int, folder: pathlib.Path) -> data.JpegDataset:
    """Makes a data set of `count` links to the images, for training and for evaluation.

    If there are fewer images than links, they are repeated.
    """
    for split in ("train", "val"):
        (folder / split / "all").mkdir(parents=True)
        for index in range(count):
            link = folder / split / "all" / f"{index}.JPEG"
            link.symlink_to(images[index % len(images)].resolve())
    return data.load("class_folders", data_dir=str(folder))


def pipelines(dataset: data.JpegDataset, batch_size: int) -> dict:
    """Returns a dictionary from name to a function that makes a pipeline of batches.

    All others are compared with the pipeline `decode`.
    """

    def training(change_colours):
        chosen = dataclasses.replace(dataset, change_colours=change_colours)
        return data.training_batches(chosen, batch_size, seed=0, first_epoch=0, epochs=1)

    def decode():
        files = tf.data.Dataset.from_tensor_slices(dataset.test.paths)
        sizes = files.map(
            lambda path: tf.size(tf.io.decode_jpeg(tf.io.read_file(path), channels=3)),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
        return sizes.batch(batch_size).prefetch(tf.data.AUTOTUNE)

    return {
        "decode": decode,
        "training, paper": lambda: training(False),
        "training, author_code": lambda: training(True),
        "evaluation": lambda: data.evaluation_batches(dataset, batch_size),
    }


def _speed(batches, num_batches, batch_size):
    iterator = iter(batches)
    for _ in range(_WARM_UP):
        next(iterator)
    start = time.perf_counter()
    for _ in range(num_batches):
        next(iterator)
    return num_batches * batch_size / (time.perf_counter() - start)


def measure(
    images: list[pathlib.Path], *, batch_size: int, num_batches: int, rounds: int
) -> dict[str, list[float]]:
    """Measures the images per second of each pipeline in each round."""
    with tempfile.TemporaryDirectory() as folder:
        dataset = class_folders(images, batch_size * (num_batches + _WARM_UP), pathlib.Path(folder))
        makers = pipelines(dataset, batch_size)
        speeds = {name: [] for name in makers}
        for _ in tqdm(range(rounds)):
            for name, make in makers.items():
                speeds[name].append(_speed(make(), num_batches, batch_size))
    return speeds


def main(argv):
    del argv
    images = sorted(pathlib.Path(_IMAGES.value).glob("*.JPEG"))
    if not images:
        print(f"skipped: {_IMAGES.value} contains no *.JPEG file; choose a folder with --images")
        return
    speeds = measure(
        images, batch_size=_BATCH.value, num_batches=_BATCHES.value, rounds=_ROUNDS.value
    )
    for name, values in speeds.items():
        ratios = [own / decode for own, decode in zip(values, speeds["decode"], strict=True)]
        ratio = statistics.median(ratios)
        print(f"{name}: {statistics.median(values):,.0f} images/s, {ratio:.2f} times decoding")


if __name__ == "__main__":
    app.run(main)
