"""Keras callbacks of a training run."""

import math
import pathlib

import keras
import pandas as pd

from ann.atomic_write import atomic_path


class RaiseOnNaN(keras.callbacks.Callback):
    """Ends training with an error that names the exit whose loss is not finite; the last checkpoint
    stays as it is.

    Raises:
        FloatingPointError: (in `fit`) after the first batch with such a loss.
    """

    def on_train_batch_end(self, batch, logs=None):
        if math.isfinite(logs["loss"]):
            return
        losses = {name: logs[f"{name}_loss"] for name in self.model.exit_names}
        bad = [name for name, loss in losses.items() if not math.isfinite(loss)] or [
            "none; the weighted sum"
        ]
        raise FloatingPointError(
            f"the loss is not finite at {bad[0]} ({len(bad)} of {len(losses)} exits). "
            "A smaller learning_rate may help; inputs that are not finite and labels outside "
            f"0..{self.model.num_classes - 1} do this too. "
            f"Received: loss={logs['loss']} in batch {batch}"
        )


class ExitWeightLog(keras.callbacks.Callback):
    """Adds `exit_00_weight`, ... (the loss weights last used) and `learning_rate` to the logs of
    each epoch.

    With a sampler also `exit_00_probability`, .... It has to come before the callbacks that write
    logs.
    """

    def on_epoch_end(self, epoch, logs=None):
        combiner = self.model.loss_combiner
        for what, variable in (
            ("weight", combiner.exit_weights),
            ("probability", combiner.exit_probabilities),
        ):
            if variable is not None:
                values = keras.ops.convert_to_numpy(variable)
                logs.update(
                    {
                        f"{name}_{what}": float(v)
                        for name, v in zip(self.model.exit_names, values, strict=True)
                    }
                )
        logs["learning_rate"] = float(
            keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)
        )


class EpochLog(keras.callbacks.Callback):
    """All logs of each epoch as a row of a CSV file, `epoch` first, 0-based.

    The file is rewritten whole after each epoch. When training goes on from an earlier epoch, rows
    from there on are dropped.

    Args:
        path: of the file.
    """

    def __init__(self, path):
        super().__init__()
        self.path = pathlib.Path(path)

    def on_epoch_end(self, epoch, logs=None):
        row = pd.DataFrame([{"epoch": epoch, **logs}])
        earlier = rows_before(self.path, epoch)
        rows = pd.concat([earlier, row], ignore_index=True) if len(earlier) else row
        with atomic_path(self.path) as temporary:
            rows.to_csv(temporary, index=False)


def rows_before(path, epoch: int) -> pd.DataFrame:
    """The rows of an `EpochLog` before an epoch, as text: every number stays as it was written."""
    if not pathlib.Path(path).exists():
        return pd.DataFrame({"epoch": []})
    rows = pd.read_csv(path, dtype=str)
    return rows[rows.epoch.astype(int) < epoch]
