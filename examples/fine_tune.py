"""Exits for a pretrained network: first the new heads alone, then everything.

    python -m examples.fine_tune --network=pretrained.keras --dataset=cifar10

The network is any that Keras can load, for example one of keras.applications, saved with
`model.save`; its last layers may be for other classes, or missing. Layers that are frozen in the
file (`layer.trainable = False`) stay frozen in both steps.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
from absl import app, flags

from ann import data, evaluation, models

_NETWORK = flags.DEFINE_string("network", None, "File (.keras) of the network.", required=True)
_DATASET = flags.DEFINE_enum("dataset", "cifar10", data.names(), "Data set.")
_EXAMPLES = flags.DEFINE_integer("train_examples", None, "Train on so many images; default: all.")
_EVERY = flags.DEFINE_integer("every", 4, "An exit every so many units.", lower_bound=1)
_HEAD_EPOCHS = flags.DEFINE_integer("head_epochs", 3, "Epochs of the heads alone.", lower_bound=0)
_EPOCHS = flags.DEFINE_integer("epochs", 5, "Epochs of everything after that.", lower_bound=0)
_RATE = flags.DEFINE_float("learning_rate", 1e-3, "Of the heads; a tenth of it for everything.")
_BATCH = flags.DEFINE_integer("batch_size", 64, "Images per step.", lower_bound=1)
_SAVE = flags.DEFINE_string("save", None, "File (.keras) to save the anytime network to.")


def train(model, dataset, mode: str, epochs: int, learning_rate: float):
    """Trains for some epochs in one of the training modes of `compile`."""
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate), weighting="adaloss", training_mode=mode
    )
    steps = len(dataset.train) // _BATCH.value
    batches = data.training_batches(dataset, _BATCH.value, seed=0, first_epoch=0, epochs=epochs)
    model.fit(batches, steps_per_epoch=steps, epochs=epochs, shuffle=False, verbose=2)


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"every setting is a --flag=value. Received: {argv[1:]}")
    keras.utils.set_random_seed(0)
    dataset = data.load(_DATASET.value, train_examples=_EXAMPLES.value)
    plain = keras.saving.load_model(_NETWORK.value, compile=False)
    model = models.attach_exits(plain, every=_EVERY.value, num_classes=dataset.num_classes)
    for mode, epochs, share in (
        ("heads", _HEAD_EPOCHS.value, 1.0),
        ("joint", _EPOCHS.value, 0.1),
    ):
        if epochs:
            train(model, dataset, mode, epochs, share * _RATE.value)
            curve = evaluation.anytime_curve(model, data.evaluation_batches(dataset))
            print(f"after {mode}: error per exit {curve.error_top1.round(2).tolist()} %")
    print(curve.round(4).to_string(index=False))
    if _SAVE.value:
        model.save(_SAVE.value)


if __name__ == "__main__":
    app.run(main)
