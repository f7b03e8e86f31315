"""What a run shows while it trains."""

import sys

import keras

from ann.models.progress import AnytimeProgbar


def progress_callback(verbose: int, epochs: int) -> list[keras.callbacks.Callback]:
    """Callbacks for 0 (nothing), 1 (a progress bar) and 2 (a line for each epoch)."""
    return {0: [], 1: [AnytimeProgbar()], 2: [EpochLines(epochs)]}[verbose]


class EpochLines(keras.callbacks.Callback):
    """A line for each epoch: losses and errors without those of the single exits, and the speed."""

    def __init__(self, epochs: int):
        super().__init__()
        self.epochs = epochs

    def on_epoch_end(self, epoch, logs=None):
        shown = ("loss", "average_error", "final_error")
        values = [
            f"{name} {value:.4g}"
            for name, value in logs.items()
            if name.removeprefix("val_") in shown
        ]
        speed = f"{logs['seconds']:.1f} s, {logs['images_per_second']:.0f} images/s"
        sys.stdout.write(f"epoch {epoch + 1}/{self.epochs}: {', '.join([*values, speed])}\n")
        sys.stdout.flush()
