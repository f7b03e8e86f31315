"""Trained networks as folders: saved, listed, loaded.

    preset.json    the network's configuration, what it takes and what it is worth
    weights.npz    its weights, plain arrays
    README.md      the model card
    SHA256SUMS     checksums of the first two; `sha256sum -c` reads it, too

Nothing in a preset is executed: no pickle, no Lambda layers.
"""

import contextlib
import dataclasses
import hashlib
import io
import json
import pathlib
import shutil
import tempfile
import zipfile
from typing import Any

import keras
import numpy as np

from ann.did_you_mean import unknown_name
from ann.models.preset_card import CARD, model_card

FORMAT = 1
_FACTS, _WEIGHTS, _README, _SUMS = "preset.json", "weights.npz", "README.md", "SHA256SUMS"
STORED_AS = ("float16", "float32", "int8")
_SCALE = "~scale"  # after the name of a kernel in int8
_BUILT_IN = pathlib.Path(__file__).parent.parent / "presets"
_CURVE = ("macs", "fraction", "loss", "error_top1", "error_top5")


class PresetError(ValueError):
    """A folder cannot be used as a preset."""


@dataclasses.dataclass(frozen=True)
class Preset:
    """What is known of a trained network besides its weights.

    Attributes:
        name: of the preset.
        input_shape: of one image.
        num_classes: number of classes.
        normalization: `{"mean": [...], "std": [...]}` of each channel in pixel values, or None.
        class_names: one per class, or None.
        exits: a dictionary for each exit with `exit` and, where they are known, `macs` (spent up to
            it), `fraction` (of the final exit's), `loss`, `error_top1`, `error_top5` (percent) and
            `temperature`.
        card: what the model card says, by `CARD`.
        versions: of Keras and of this package, that wrote the preset.
        largest: value of a white pixel in the images that it was trained on.
    """

    name: str
    input_shape: Any
    num_classes: int
    normalization: dict | None
    class_names: list[str] | None
    exits: list[dict]
    card: dict[str, str]
    versions: dict[str, str]
    largest: int = 255

    def preprocess(self, images):
        """What the network takes, from pixels 0..`largest`: float32 of the same shape.

        Raises:
            PresetError: the preset has no normalization.
        """
        if self.normalization is None:
            raise PresetError(f"{self.name} does not say how pixels become its input")
        mean, std = (np.asarray(self.normalization[key], "float32") for key in ("mean", "std"))
        return (keras.ops.cast(images, "float32") - mean) / std


def presets() -> list[str]:
    """Names of the presets that come with the package."""
    return sorted(path.parent.name for path in _BUILT_IN.glob(f"*/{_FACTS}"))


def from_preset(name_or_folder):
    """A trained network.

    Args:
        name_or_folder: one of `presets()`, or a folder that `save_to_preset` wrote.

    Returns:
        The `MultiExitModel`, not compiled, with float32 weights. Its attribute `preset` is the
        `Preset`; `model.preset.preprocess` makes its input from pixels.

    Raises:
        PresetError: no such name or folder; the folder is no preset, or damaged, or was written by
            a later version; the network has layers that are not known here.

    Example:
        >>> models.build("resann-n1-c4").save_to_preset(tmp_path / "mine")
        >>> models.from_preset(tmp_path / "mine").num_exits
        3
    """
    return _load(_folder(name_or_folder))


def save_to_preset(
    model,
    folder,
    *,
    name: str | None = None,
    weights: str = "float16",
    normalization=None,
    class_names=None,
    curve=None,
    temperatures=None,
    card=None,
    largest: int = 255,
) -> None:
    """Writes a trained network as a preset. The folder appears whole or not at all, after it has
    been read back.

    Args:
        model: a `MultiExitModel`.
        folder: new or empty.
        name: of the preset; default that of the folder.
        weights: how kernels are stored; biases and normalization stay float32. "float32" exactly,
            "float16" in half the size, "int8" in a quarter: whole numbers from -127 to 127 with a
            scale for each output channel.
        normalization: mean and standard deviation of each channel in pixel values.
        class_names: one per class.
        curve: DataFrame of `evaluation.anytime_curve`: costs and errors of each exit.
        temperatures: one per exit, as of `evaluation.fit_temperatures`.
        card: texts of the model card by `CARD`: data, licence, recipe, seed, hours, hardware,
            limits.
        largest: value of a white pixel in the images that it was trained on.

    Raises:
        PresetError: the folder holds something; an argument has another length than the network's;
            the network cannot be saved, for example because of a Lambda layer.
    """
    require_new(folder)
    folder = pathlib.Path(folder)
    facts = _facts(
        model, name or folder.name, normalization, class_names, curve, temperatures, card
    ) | {"largest": largest, "weights": weights}
    arrays = _stored(model, weights)
    with _whole(folder) as temporary:
        np.savez(temporary / _WEIGHTS, **arrays)
        (temporary / _FACTS).write_text(json.dumps(facts) + "\n")
        (temporary / _README).write_text(model_card(facts, (temporary / _WEIGHTS).stat().st_size))
        sums = {file: _sum((temporary / file).read_bytes()) for file in (_FACTS, _WEIGHTS)}
        lines = (f"{value}  {file}\n" for file, value in sums.items())
        (temporary / _SUMS).write_text("".join(lines))
        _load(temporary)


def _folder(name_or_folder):
    if str(name_or_folder) in presets():
        return _BUILT_IN / str(name_or_folder)
    folder = pathlib.Path(name_or_folder)
    if folder.is_dir():
        return folder
    if not presets():
        raise PresetError(
            "preset must be a folder that `ann preset` or `save_to_preset` wrote: no presets come "
            f"with this version. Received: preset={str(name_or_folder)!r}"
        )
    raise PresetError(unknown_name("preset", str(name_or_folder), presets(), also="a folder"))


def require_new(folder) -> None:
    """Raises unless a preset may be written to a folder: it must be new or empty.

    Raises:
        PresetError: there is something.
    """
    folder = pathlib.Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise PresetError(f"folder must be new or empty. Received: folder={str(folder)!r}")


def _facts(model, name, normalization, class_names, curve, temperatures, card):
    exits = [{"exit": index} for index in range(model.num_exits)]
    if curve is not None:
        _require_length("curve", curve, model.num_exits, "exits")
        for column in _CURVE:
            for exit, value in zip(exits, curve[column], strict=True):
                exit[column] = int(value) if column == "macs" else round(float(value), 6)
    if temperatures is not None:
        _require_length("temperatures", temperatures, model.num_exits, "exits")
        for exit, value in zip(exits, temperatures, strict=True):
            exit["temperature"] = round(float(value), 6)
    if class_names is not None:
        _require_length("class_names", class_names, model.num_classes, "classes")
        class_names = [str(one) for one in class_names]
    if normalization is not None:
        pairs = zip(("mean", "std"), normalization, strict=True)
        normalization = {key: np.ravel(value).astype(float).tolist() for key, value in pairs}
    card = {key: str(value) for key, value in (card or {}).items()}
    for key in card:
        if key not in CARD:
            raise PresetError(unknown_name("card", key, CARD))
    try:
        config = keras.saving.serialize_keras_object(model)
        config.pop("compile_config", None)
        json.dumps(config)
    except (TypeError, ValueError) as error:
        raise PresetError(f"the network cannot be saved: {_first_line(error)}") from error
    import ann

    return {
        "format": FORMAT,
        "name": name,
        "input_shape": model.sample_shape,
        "num_classes": model.num_classes,
        "normalization": normalization,
        "class_names": class_names,
        "exits": exits,
        "card": card,
        "versions": {"keras": keras.__version__, "ann-keras": ann.__version__},
        "model": config,
    }


def _require_length(what, values, expected, of):
    if len(values) != expected:
        raise PresetError(
            f"{what} must have one entry for each of the {expected} {of}. "
            f"Received: {len(values)} entries"
        )


def _variables(model):
    """The weights of the chain in order, those of shared layers once."""
    found = {id(one): one for link in (*model.segments, *model.heads) for one in link.weights}
    return list(found.values())


def _stored(model, dtype):
    """Arrays by position and name. Kernels that float16 or int8 cannot hold stay as they are."""
    if dtype not in STORED_AS:
        raise PresetError(f"weights must be one of {STORED_AS}. Received: weights={dtype!r}")
    arrays = {}
    for index, variable in enumerate(_variables(model)):
        name = f"{index:04d}_{variable.path.replace('/', '.')}"
        array = keras.ops.convert_to_numpy(variable)
        if array.dtype.kind not in "iu":
            array = array.astype("float32")
            if dtype == "float16" and array.ndim > 1 and np.abs(array).max() < 65504:
                array = array.astype("float16")
            if dtype == "int8" and array.ndim > 1 and np.isfinite(array).all():
                array, arrays[name + _SCALE] = _as_int8(array)
        arrays[name] = array
    return arrays


def _as_int8(kernel):
    """The nearest multiples of a scale for each output channel, and the scales."""
    scale = np.abs(kernel).max(axis=tuple(range(kernel.ndim - 1))) / 127
    scale = np.where(scale > 0, scale, np.float32(1))
    return np.round(kernel / scale).astype("int8"), scale


def _load(folder):
    facts = _json(folder)
    if facts["format"] > FORMAT:
        raise PresetError(
            f"{folder} was written by a later version: it has format {facts['format']}, and this "
            f"version reads {FORMAT}"
        )
    known = {field.name for field in dataclasses.fields(Preset)}
    preset = Preset(**{name: value for name, value in facts.items() if name in known})
    try:
        model = keras.saving.deserialize_keras_object(facts["model"], safe_mode=True)
    except Exception as error:  # Keras raises what comes for layers that it does not know
        raise PresetError(
            f"the network in {folder} cannot be built ({_first_line(error)}); it was written with "
            f"Keras {preset.versions['keras']}"
        ) from error
    if not (hasattr(model, "segments") and hasattr(model, "heads")):
        raise PresetError(f"{folder} holds no anytime network but a {type(model).__name__}")
    _assign(model, folder)
    model.preset = preset
    return model


def _json(folder):
    missing = [name for name in (_FACTS, _WEIGHTS, _SUMS) if not (folder / name).is_file()]
    if missing:
        raise PresetError(f"{folder} is no preset: it has no {missing[0]}")
    try:
        facts = json.loads(_checked(folder, _FACTS))
        facts["format"], facts["model"], facts["versions"]["keras"]
    except (UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise PresetError(f"{folder} is no preset: its {_FACTS} is something else") from error
    return facts


def _checked(folder, name) -> bytes:
    """Content of a file whose checksum is right."""
    content = (folder / name).read_bytes()
    lines = (folder / _SUMS).read_text(errors="replace").splitlines()
    if f"{_sum(content)}  {name}" not in lines:
        raise PresetError(f"{folder / name} is damaged: its SHA-256 is not the one in {_SUMS}")
    return content


def _assign(model, folder):
    content = io.BytesIO(_checked(folder, _WEIGHTS))
    try:
        with np.load(content, allow_pickle=False) as file:
            names = [name for name in sorted(file.files) if not name.endswith(_SCALE)]
            arrays = [_exact(file, name) for name in names]
    except (zipfile.BadZipFile, OSError, EOFError, ValueError) as error:
        raise PresetError(f"{folder / _WEIGHTS} holds no arrays ({_first_line(error)})") from error
    variables = _variables(model)
    if [array.shape for array in arrays] != [tuple(one.shape) for one in variables]:
        raise PresetError(f"{folder / _WEIGHTS} holds the weights of another network")
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array.astype(keras.backend.standardize_dtype(variable.dtype)))


def _exact(file, name):
    """An array, in the numbers that it stands for."""
    scale = name + _SCALE
    return file[name] * file[scale] if scale in file.files else file[name]


def _sum(content) -> str:
    return hashlib.sha256(content).hexdigest()


def _first_line(error) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


@contextlib.contextmanager
def _whole(folder):
    """A temporary folder beside `folder` that takes its place when the block ends well."""
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = pathlib.Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".partial-{folder.name}-"))
    try:
        yield temporary
        temporary.chmod(0o755)
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
