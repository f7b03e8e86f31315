"""Images/s of the ILSVRC pipeline over those of bare JPEG decoding, in one run, on real images.

    python -m benchmarks.imagenet_input --images=<folder of JPEGs>

Training (in both presets) and evaluation, from files to normalised batches, take turns with reading
and fully decoding the same files and nothing else. Each runs alone, started anew each turn.
Promised: at least 0.8 times decoding in the preset `paper`.
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
_BATCH = flags.DEFINE_integer("batch_size", 64, "Images in a batch.", lower_bound=1)
_BATCHES = flags.DEFINE_integer("batches", 24, "Batches in a turn.", lower_bound=1)
_ROUNDS = flags.DEFINE_integer("rounds", 9, "Turns of each pipeline.", lower_bound=1)
_WARM_UP = 4  # batches before the clock starts, while tf.data chooses its parallelism


def class_folders(images: list[pathlib.Path], count: int, folder: pathlib.Path) -> data.JpegDataset:
    """A data set of so many links to the images, one after the other and again, for training and for evaluation."""
    for split in ("train", "val"):
        (folder / split / "all").mkdir(parents=True)
        for index in range(count):
            (folder / split / "all" / f"{index}.JPEG").symlink_to(
                images[index % len(images)].resolve()
            )
    return data.load("class_folders", data_dir=str(folder))


def pipelines(dataset: data.JpegDataset, batch_size: int) -> dict:
    """Name -> function that makes the pipeline, a tf.data.Dataset of batches; `decode` is what the others are compared with."""

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
    """Images/s of each pipeline in each round."""
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
        print(f"skipped: no *.JPEG in {_IMAGES.value}; name a folder of them with --images")
        return
    speeds = measure(
        images, batch_size=_BATCH.value, num_batches=_BATCHES.value, rounds=_ROUNDS.value
    )
    for name, values in speeds.items():
        ratio = statistics.median(
            own / decode for own, decode in zip(values, speeds["decode"], strict=True)
        )
        print(f"{name}: {statistics.median(values):,.0f} images/s, {ratio:.2f} times decoding")


if __name__ == "__main__":
    app.run(main)
