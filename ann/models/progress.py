"""A progress bar for many exits."""

import keras

_SUMMARY = ("loss", "average_error", "final_error", "average_loss", "final_loss")


class AnytimeProgbar(keras.callbacks.ProgbarLogger):
    """Keras's progress bar, with total loss, average error over the exits and final error (percent)
    only.
    """

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, _summary(logs))

    def on_test_batch_end(self, batch, logs=None):
        super().on_test_batch_end(batch, _summary(logs))

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, _summary(logs))

    def on_test_end(self, logs=None):
        super().on_test_end(_summary(logs))


def _summary(logs):
    return {
        name: value for name, value in (logs or {}).items() if name.removeprefix("val_") in _SUMMARY
    }
