"""Models to and from configurations: their classes imported, and also where layers write more than
they read."""

import importlib
import inspect
from typing import Any

import keras


def deserialize(config):
    """`keras.saving.deserialize_keras_object`, less what the constructors of layers do not take.

    Keras finds classes of other packages only once they are imported: those of this package are
    imported here, such as the optimizer of a run. Some layers write what their constructor derives
    (`num_patches` of KerasHub's ViTPatchingAndEmbedding), so that Keras itself cannot load a
    functional model that holds them.
    """
    return keras.saving.deserialize_keras_object(_mended(config))


@keras.saving.register_keras_serializable(package="ann")
class Copied(keras.Model):
    """A model to be copied by way of Keras's saving, with `deserialize`."""

    def __init__(self, model, **kwargs):
        super().__init__(**kwargs)
        self.model = model
        self.built = True

    def get_config(self):
        return {"name": self.name, "model": keras.saving.serialize_keras_object(self.model)}

    @classmethod
    def from_config(cls, config):
        return cls(deserialize(config["model"]), name=config["name"])


def _mended(config):
    if isinstance(config, (list, tuple)):
        return type(config)(_mended(one) for one in config)
    if not isinstance(config, dict):
        return config
    config = {key: _mended(value) for key, value in config.items()}
    module = config.get("module")
    if isinstance(module, str) and module.startswith("ann."):
        importlib.import_module(module)
    taken = _taken(module, config.get("class_name"))
    if taken is not None and isinstance(config.get("config"), dict):
        config["config"] = {key: config["config"][key] for key in config["config"] if key in taken}
    return config


def _taken(module, name) -> set | None:
    """What the constructor of another library's layer takes; None where it cannot be told."""
    if not module or module.split(".")[0] in ("ann", "builtins", "keras"):
        return None
    found = getattr(importlib.import_module(module), name, None)
    if not isinstance(found, type) or not issubclass(found, keras.Layer):
        return None
    cls: Any = found
    if cls.from_config.__func__ is not keras.Layer.from_config.__func__:
        return None
    taken = set()
    for base in cls.__mro__:
        if base is keras.Layer:
            return taken | set(inspect.signature(keras.Layer.__init__).parameters) | {"name"}
        parameters = inspect.signature(base.__init__).parameters
        taken |= set(parameters)
        if not any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values()):
            return None
    return taken
