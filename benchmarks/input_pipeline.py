"""Compares the speed of the training pipeline with that of the training step, in one run.

    python -m benchmarks.input_pipeline

The pipeline draws, augments, and normalizes CIFAR-10 or, if CIFAR-10 is not prepared, random images
of the same size. It runs alone. The step is that of resann-n3-c16. The project promises that the
pipeline is at least 10 times as fast as the step.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import time

import numpy as np
from absl import app

from ann import data

BATCH_SIZE = 128


def _dataset():
    try:
        return data.load("cifar10")
    except FileNotFoundError as error:
        print(f"using random images: {error}")
        random = np.random.default_rng(0)
        split = data.Split(
            random.integers(0, 256, (50000, 32, 32, 3), np.uint8),
            random.integers(0, 10, 50000, np.int32),
        )
        return data.Dataset("random", 10, train=split, test=split[:1000], padding=4, flip=True)


def pipeline_speed(dataset, num_batches=800) -> float:
    """Measures the images per second of the training batches."""
    batches = iter(data.training_batches(dataset, BATCH_SIZE, seed=0, first_epoch=0, epochs=10))
    next(batches)
    start = time.perf_counter()
    for _ in range(num_batches):
        next(batches)
    return num_batches * BATCH_SIZE / (time.perf_counter() - start)


def main(argv):
    del argv
    from benchmarks.train_step import measure

    pipeline = pipeline_speed(_dataset())
    table = measure(
        ("ann float32", "ann bfloat16"), n=3, c=16, batch_size=BATCH_SIZE, steps=8, rounds=5
    )
    print(f"pipeline: {pipeline:,.0f} images/s")
    for variant, step in table.set_index("variant").images_per_second.items():
        ratio = pipeline / step
        print(f"{variant} step: {step:,.0f} images/s; the pipeline is {ratio:.0f} times as fast")


if __name__ == "__main__":
    app.run(main)
