"""Images/s of the training pipeline against those of a training step, in one run.

    python -m benchmarks.input_pipeline

The pipeline draws, augments and normalises CIFAR-10 where it is prepared, else random images of its
size, and runs alone; the step is that of resann-n3-c16. Promised: at least 10 times the step.
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
        print(f"random images: {error}")
        random = np.random.default_rng(0)
        split = data.Split(
            random.integers(0, 256, (50000, 32, 32, 3), np.uint8),
            random.integers(0, 10, 50000, np.int32),
        )
        return data.Dataset("random", 10, train=split, test=split[:1000], padding=4, flip=True)


def pipeline_speed(dataset, num_batches=800) -> float:
    """Images/s of the training batches."""
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
        print(
            f"{variant} step: {step:,.0f} images/s; the pipeline is {pipeline / step:.0f} times as fast"
        )


if __name__ == "__main__":
    app.run(main)
