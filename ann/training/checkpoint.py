"""A run's latest state on disk, whole at any moment."""

import pathlib

import keras

from ann.atomic_write import atomic_path


class Checkpoint(keras.callbacks.Callback):
    """Writes weights, optimizer and weighting state after each epoch, to a temporary name first.

    Unlike `keras.callbacks.BackupAndRestore` it leaves one file, written in one step: its epoch is
    the optimizer's step count, so that a process killed between two writes cannot leave a state and
    an epoch that do not belong together.

    Args:
        path: file ending in `.weights.h5`.
    """

    def __init__(self, path):
        super().__init__()
        self.path = pathlib.Path(path)

    def on_epoch_end(self, epoch, logs=None):
        with atomic_path(self.path) as temporary:
            self.model.save_weights(temporary, overwrite=True)


def restore(model, path, steps_per_epoch: int) -> int:
    """Loads a checkpoint into a compiled model.

    Returns:
        Number of epochs done, the `initial_epoch` to go on with.

    Raises:
        ValueError: the file is corrupt, or holds another model.
    """
    model.optimizer.build(model.trainable_variables)
    try:
        model.load_weights(path)
    except (
        Exception
    ) as error:  # h5py and Keras raise OSError, KeyError, ValueError and others for a damaged file
        raise ValueError(
            f"the checkpoint cannot be read: it is corrupt, or belongs to another model ({type(error).__name__}: {error}). "
            f"Delete it to start anew. Received: path={str(path)!r}"
        ) from error
    return int(model.optimizer.iterations) // steps_per_epoch
