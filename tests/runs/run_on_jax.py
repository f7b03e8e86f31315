"""A whole run on JAX, where TensorFlow cannot be imported; for test_train_on_jax.py."""

import json
import os
import pathlib
import signal
import sys

if __name__ == "__main__":
    sys.modules["tensorflow"] = None  # importing it is now an error
    sys.modules["tensorflow_datasets"] = None

import keras
import numpy as np
import pandas as pd
import PIL.Image

from ann.models import MultiExitModel
from ann.runs import RunConfig, RunFolder
from ann.runs.evaluate import evaluate
from ann.runs.signals import Stopped
from ann.runs.train import train

FIELDS = {
    "dataset": "synthetic",
    "batch_size": 64,
    "epochs": 2,
    "learning_rate": 0.05,
    "strategy": "mirrored",
    "steps_per_call": 3,
    "randaugment": 1,
}
REFUSED = {
    "imagenet2012": {"dataset": "imagenet2012"},
    "batch_size": {"batch_size": 63},
}
CLUSTER = {"cluster": {"worker": ["localhost:1", "localhost:2"]}, "task": {"index": 1}}
REFUSED_IN_A_CLUSTER = {
    "alone": {"strategy": "mirrored"},
    "too late": {"strategy": "multi_worker"},  # JAX has started
}


def tiny(config, num_classes, input_shape):
    """XLA compiles it fast on a CPU."""
    whole_shape, segments, heads = input_shape, [], []
    for _ in range(2):
        layers = (keras.layers.Flatten(), keras.layers.Dense(6), keras.layers.BatchNormalization())
        segments.append(keras.Sequential([keras.Input(input_shape), *layers]))
        heads.append(keras.Sequential([keras.Input((6,)), keras.layers.Dense(num_classes)]))
        input_shape = (6,)
    return MultiExitModel(segments, heads, whole_shape)


class Kill(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch == 2:  # after the first call of three steps
            os.kill(os.getpid(), signal.SIGTERM)


def stopped_and_resumed(config, folder):
    try:
        train(config, folder, verbose=0, callbacks=[Kill()], build_model=tiny)
    except Stopped as stopped:
        sys.stdout.write(f"exit code {stopped.exit_code}\n")
    return train(config, folder, resume=True, verbose=0, build_model=tiny)


def of_pictures(root, **fields):
    folder = {"dataset": "class_folders", "data_dir": str(root / "pictures"), "batch_size": 4}
    fields = {"epochs": 2, "learning_rate": 0.001, "strategy": "mirrored"} | folder | fields
    return RunConfig.from_fields({"random_erasing": 0.5, **fields})


def pictures(root):
    """JPEGs in folders, whole and after an interruption, then with one that is broken."""
    pixels = np.random.default_rng(0).integers(0, 256, (18, 40, 50, 3), "uint8")
    for number, image in enumerate(pixels):
        split, label = ("train", "val")[number >= 12], "abc"[number % 3]
        path = root / "pictures" / split / label / f"{number:02d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        PIL.Image.fromarray(image).save(path)
    config = of_pictures(root)
    whole = train(config, root / "of_pictures", verbose=0, build_model=tiny)
    pd.testing.assert_frame_equal(evaluate(root / "of_pictures"), whole)
    parts = stopped_and_resumed(config, root / "parts_of_pictures")
    pd.testing.assert_frame_equal(parts, whole)
    content = path.read_bytes()
    path.write_bytes(content[:100])
    try:
        train(config, root / "of_broken_pictures", verbose=0, build_model=tiny)
    except ValueError as error:
        sys.stdout.write(f"broken: {error}\n")
    path.write_bytes(content)


def refused(cases, root):
    for name, fields in cases.items():
        try:
            train(
                RunConfig.from_fields({**FIELDS, **fields}),
                root / name,
                verbose=0,
                build_model=tiny,
            )
        except ValueError as error:
            sys.stdout.write(f"refused {name}: {error}\n")
        assert not (root / name).exists(), name


def main(root):
    config = RunConfig.from_fields(FIELDS)
    whole = train(config, root / "whole", verbose=2, build_model=tiny)
    pd.testing.assert_frame_equal(evaluate(root / "whole"), whole)
    pd.testing.assert_frame_equal(stopped_and_resumed(config, root / "parts"), whole)
    logs = [pd.read_csv(RunFolder(root / name).epochs) for name in ("whole", "parts")]
    speed = ["seconds", "images_per_second"]
    pd.testing.assert_frame_equal(*(log.drop(columns=speed) for log in logs), check_exact=True)
    pictures(root)
    refused(REFUSED, root)
    os.environ["TF_CONFIG"] = json.dumps(CLUSTER)
    refused(REFUSED_IN_A_CLUSTER, root)


def worker(root):
    """One of two processes of the runs, over all their devices."""
    together = {"strategy": "multi_worker"}
    config = RunConfig.from_fields({**FIELDS, **together})
    train(config, root / "workers", verbose=0, build_model=tiny)
    train(of_pictures(root, **together), root / "with_pictures", verbose=0, build_model=tiny)


if __name__ == "__main__":
    assert keras.config.backend() == "jax"
    (worker if "TF_CONFIG" in os.environ else main)(pathlib.Path(sys.argv[1]))
