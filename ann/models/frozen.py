"""Training the heads alone: the segments are frozen, and what was frozen before stays so after."""

import contextlib

import keras


class FrozenLayers:
    """The layers that were frozen to train the heads alone."""

    def __init__(self):
        self._layers = ()

    def freeze(self, segments) -> None:
        """Freezes the layers of the segments that are not frozen yet."""
        leaves = [leaf for segment in segments for leaf in _leaves(segment)]
        self._layers = [leaf for leaf in leaves if leaf.trainable]
        self._set(False)

    def undo(self) -> None:
        """Makes them trainable again."""
        self._set(True)
        self._layers = ()

    @contextlib.contextmanager
    def undone(self):
        """While a model is written, its layers are as they were before."""
        self._set(True)
        try:
            yield
        finally:
            self._set(False)

    def _set(self, trainable):
        for layer in self._layers:
            layer.trainable = trainable


def _leaves(layer) -> list[keras.Layer]:
    """The layers in a model, and in the models in it; a layer stands for itself."""
    if not isinstance(layer, keras.Model):
        return [layer]
    return [leaf for member in layer.layers for leaf in _leaves(member)]
