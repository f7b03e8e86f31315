"""A progress bar for many exits."""

import keras

_SUMMARY = ("loss", "average_error", "final_error", "average_loss", "final_loss")


class AnytimeProgbar(keras.callbacks.ProgbarLogger):
    """Keras's progress bar, showing total loss, average error over the exits and final error (percent) only."""

    def _update_progbar(self, batch, logs=None):
        super()._update_progbar(batch, _summary(logs))

    def _finalize_progbar(self, logs):
        super()._finalize_progbar(_summary(logs))


def _summary(logs):
    return {
        name: value for name, value in (logs or {}).items() if name.removeprefix("val_") in _SUMMARY
    }
