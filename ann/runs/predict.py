"""A picture's class from a preset, within a deadline."""

import hashlib
import importlib.util
import os
import pathlib

import numpy as np

from ann import models, runtime
from ann.runs.export import export_preset
from ann.runtime.early_exit import probabilities

_COLORS = {1: "L", 3: "RGB"}  # channels of the network's input: Pillow's mode


class PresetPredictor:
    """A preset, exported once for the fastest engine that is installed, and run.

    The export is kept in `cache` under a name made of the preset's weights and facts, so that only
    the first use of a preset pays for it.

    Args:
        preset: name or folder, as `models.from_preset`.
        cache: folder of exports; default: `ann-keras` in XDG_CACHE_HOME, else in ~/.cache.

    Raises:
        ValueError: no such preset, it is damaged, or it has no normalization.
    """

    def __init__(self, preset, cache=None):
        model = models.from_preset(preset)
        self.preset = model.preset
        path = _cache(cache) / _digest(model)
        if not (path / "manifest.json").exists():
            format = "onnx" if importlib.util.find_spec("tf2onnx") else "saved_model"
            export_preset(preset, path, format, preprocess=True)
        self.predictor = runtime.AnytimePredictor(path)

    def predict(self, picture, deadline: float | None = None) -> tuple[runtime.Answer, list]:
        """The best answer by a deadline.

        Args:
            picture: path of an image file. The largest part of it with the shape of the network's
                input is taken from the middle, and resized.
            deadline: seconds; default as long as it takes.

        Returns:
            `(answer, classes)`: a `runtime.Answer`, and pairs of name and probability, the most
            likely first. Probabilities are calibrated where the preset has temperatures.

        Raises:
            ValueError: the file is no image.
            FileNotFoundError: there is no such file.
            ImportError: Pillow is not installed.
        """
        pixels = _pixels(picture, self.predictor.input_shape, self.preset.largest)
        answer = self.predictor.predict(pixels, deadline)
        shares = probabilities(answer.logits)
        names = self.preset.class_names or [str(one) for one in range(len(shares))]
        order = np.argsort(-shares)
        return answer, [(names[one], float(shares[one])) for one in order]


def _cache(folder) -> pathlib.Path:
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(folder) if folder else pathlib.Path(base) / "ann-keras"


def _digest(model) -> str:
    """Of weights and input: equal presets share an export."""
    digest = hashlib.sha256(repr(model.preset).encode())
    for array in model.get_weights():
        digest.update(array.tobytes())
    return digest.hexdigest()[:24]


def _pixels(path, shape, largest):
    try:
        from PIL import Image, ImageOps
    except ImportError as error:
        raise ImportError("reading pictures needs Pillow: install ann-keras[serve]") from error
    height, width, channels = shape
    if not pathlib.Path(path).is_file():
        raise FileNotFoundError(f"there is no such picture. Received: {str(path)!r}")
    try:
        with Image.open(path) as picture:
            upright = ImageOps.exif_transpose(picture).convert(_COLORS[channels])
            pixels = np.asarray(ImageOps.fit(upright, (width, height))).reshape(shape)
    except Exception as error:  # Pillow's decoders raise what comes
        raise ValueError(f"the file is no image that can be read: {error}") from error
    return np.round(pixels * (largest / 255)).astype("uint8")
