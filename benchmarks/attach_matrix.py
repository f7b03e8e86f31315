"""Exits for every family of keras.applications and for KerasHub: what works, what is refused.

    python -m benchmarks.attach_matrix [--families=MobileNetV2,BERT] [--formats=saved_model,onnx]

One size of each family, untrained, small inputs. A row for each, written as soon as it is there to
experiments/results/benchmark_attach_matrix.csv: units that `every=` counts, exits, MACs of the
plain model by our rules and by `independent_macs`, largest difference between the last exit and the
plain model over the spread of its answers, one training step, saving and loading, and each export
format. Rows of families that are not run again are kept.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import functools
import pathlib
import tempfile

import keras
import numpy as np
import pandas as pd
from absl import app, flags
from tqdm import tqdm

from ann import costs, export, models
from ann.atomic_write import atomic_path
from ann.graph import read
from benchmarks.independent_macs import independent_macs

PATH = pathlib.Path("experiments/results/benchmark_attach_matrix.csv")
_FAMILIES = flags.DEFINE_list("families", None, "Families to run; default: all.")
_FORMATS = flags.DEFINE_list("formats", list(export.FORMATS), "Export formats to try.")
_EXITS = 3  # wanted; the period follows from the units
_OPEN_SIZE = 12  # tokens, where a model leaves their number open


def _application(name, size=32):
    make = getattr(keras.applications, name)
    return functools.partial(
        make, weights=None, input_shape=(size, size, 3), classes=10, classifier_activation=None
    )


APPLICATIONS = {
    "ConvNeXtTiny": _application("ConvNeXtTiny"),
    "DenseNet121": _application("DenseNet121"),
    "EfficientNetB0": _application("EfficientNetB0"),
    "EfficientNetV2B0": _application("EfficientNetV2B0"),
    "InceptionResNetV2": _application("InceptionResNetV2", 75),
    "InceptionV3": _application("InceptionV3", 75),
    "MobileNet": _application("MobileNet"),
    "MobileNetV2": _application("MobileNetV2"),
    "MobileNetV3Small": _application("MobileNetV3Small"),
    "NASNetMobile": _application("NASNetMobile"),
    "ResNet50": _application("ResNet50"),
    "ResNet50V2": _application("ResNet50V2"),
    "VGG16": _application("VGG16"),
    "Xception": _application("Xception", 71),
}


def _hub(name, **sizes):
    """A backbone of KerasHub, or None where it is not installed."""
    try:
        import keras_hub
    except ImportError:
        return None
    return getattr(keras_hub.models, name)(**sizes)


_TRANSFORMER = {
    "vocabulary_size": 50,
    "num_layers": 3,
    "num_heads": 2,
    "hidden_dim": 16,
    "intermediate_dim": 32,
    "max_sequence_length": _OPEN_SIZE,
}
_IMAGE = {"image_shape": (32, 32, 3)}
KERAS_HUB = {
    "BERT": functools.partial(_hub, "BertBackbone", **_TRANSFORMER),
    "GPT2": functools.partial(_hub, "GPT2Backbone", **_TRANSFORMER),
    "ViT": functools.partial(
        _hub,
        "ViTBackbone",
        patch_size=8,
        num_layers=3,
        num_heads=2,
        hidden_dim=16,
        mlp_dim=32,
        **_IMAGE,
    ),
    "ResNet (KerasHub)": functools.partial(
        _hub,
        "ResNetBackbone",
        input_conv_filters=[64],
        input_conv_kernel_sizes=[7],
        stackwise_num_filters=[64, 16],
        stackwise_num_blocks=[2, 2],
        stackwise_num_strides=[1, 2],
        block_type="basic_block",
        **_IMAGE,
    ),
    "DenseNet (KerasHub)": functools.partial(
        _hub, "DenseNetBackbone", stackwise_num_repeats=[2, 2], growth_rate=8, **_IMAGE
    ),
    "EfficientNet (KerasHub)": functools.partial(
        _hub,
        "EfficientNetBackbone",
        width_coefficient=0.25,
        depth_coefficient=0.5,
        dropout=0.0,
        stackwise_kernel_sizes=[3, 3],
        stackwise_num_repeats=[1, 2],
        stackwise_input_filters=[32, 16],
        stackwise_output_filters=[16, 24],
        stackwise_expansion_ratios=[1, 6],
        stackwise_strides=[1, 2],
        stackwise_squeeze_and_excite_ratios=[0.25, 0.25],
        stackwise_block_types=["v1", "v1"],
        **_IMAGE,
    ),
    "MobileNet (KerasHub)": functools.partial(
        _hub,
        "MobileNetBackbone",
        stackwise_expansion=[[40, 56], [64, 144]],
        stackwise_num_blocks=[2, 2],
        stackwise_num_filters=[[16, 16], [24, 24]],
        stackwise_kernel_size=[[3, 3], [5, 5]],
        stackwise_num_strides=[[2, 1], [2, 1]],
        stackwise_se_ratio=[[None, None], [0.25, 0.25]],
        stackwise_activation=[["relu", "relu"], ["hard_swish", "hard_swish"]],
        stackwise_padding=[[1, 1], [2, 2]],
        depthwise_filters=8,
        depthwise_stride=2,
        depthwise_residual=False,
        last_layer_filter=32,
        output_num_filters=32,
        input_activation="hard_swish",
        output_activation="hard_swish",
        input_num_filters=16,
        **_IMAGE,
    ),
}
FAMILIES = {**APPLICATIONS, **KERAS_HUB}


def plain_macs(model, input_shape=None) -> int:
    """MACs of a plain model, counted as `costs.profile` counts those of a chain."""
    tensors = keras.tree.map_structure(
        lambda x: keras.KerasTensor((None, *(s or _OPEN_SIZE for s in x.shape[1:])), x.dtype),
        model.input,
    )
    return sum(costs.count_macs(call).macs for call in read(model, tensors)[0])


def inputs_like(model, count: int, size: int = _OPEN_SIZE):
    """Random inputs of a plain model; ones for tokens and masks."""
    random = np.random.default_rng(0)

    def sample(tensor):
        shape = (count, *(s or size for s in tensor.shape[1:]))
        if "int" in tensor.dtype:
            return np.ones(shape, tensor.dtype)
        return random.uniform(0, 255, shape).astype("float32")

    return keras.tree.map_structure(sample, model.input)


def row(name: str, formats) -> dict | None:
    """The row of a family; None where it is not installed."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    plain = FAMILIES[name]()
    if plain is None:
        return None
    _as_if_trained(plain)
    result = {"family": name}
    units = int(models.cut_points(plain).unit.notna().sum())
    period = max(1, -(-(units - 1) // (_EXITS - 1)))
    model = models.attach_exits(plain, every=period, num_classes=10)
    result |= {"units": units, "every": period, "exits": model.num_exits}
    result |= {"macs": plain_macs(plain), "independent_macs": _counted(plain)}
    x = inputs_like(plain, 2)
    shape = keras.tree.map_structure(lambda array: array.shape[1:], x)
    profile = costs.profile(model, input_shape=shape)
    result["macs_by_exit"] = " ".join(str(value) for value in profile.macs_pruned)
    if name in APPLICATIONS:
        expected = plain.predict(x, verbose=0)
        difference = np.abs(model.predict(x, verbose=0)[-1] - expected).max()
        result["answer_differs_by"] = float(difference / np.ptp(expected))
    for what, step in (
        *((one, functools.partial(_exports, model, one, x, shape)) for one in formats),
        ("trains", lambda: _trains(model, x)),
        ("saves_and_loads", lambda: _saves_and_loads(model, x)),
    ):
        result[what] = _tried(step)
    return result


def _as_if_trained(model):
    """Scales and offsets at random: the answers of an untrained deep network are all alike."""
    random = np.random.default_rng(0)
    for weight in model.trainable_weights:
        if len(weight.shape) == 1:
            weight.assign(random.uniform(0.5, 1.5, weight.shape))


def _counted(plain):
    try:
        return independent_macs(plain, _OPEN_SIZE)
    except (NotImplementedError, ValueError) as error:  # TensorFlow shows too little
        return f"{type(error).__name__}: {str(error)[:100]}"


def _tried(step) -> str:
    try:
        step()
    except Exception as error:  # the table says what went wrong, whatever it is
        return f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"
    return "yes"


def _trains(model, x):
    model.compile(optimizer=keras.optimizers.SGD(1e-4), weighting="adaloss")
    loss = model.fit(x, np.arange(2), verbose=0).history["loss"][0]
    if not np.isfinite(loss):
        raise FloatingPointError(f"the loss is {loss}")


def _saves_and_loads(model, x):
    with tempfile.TemporaryDirectory() as folder:
        model.save(f"{folder}/model.keras")
        loaded = keras.saving.load_model(f"{folder}/model.keras")
    for mine, theirs in zip(model.predict(x, verbose=0), loaded.predict(x, verbose=0), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-4)


def _exports(model, format, x, input_shape):
    with tempfile.TemporaryDirectory() as folder:
        export.export(model, f"{folder}/export", format, example=x, input_shape=input_shape)


def markdown(table) -> str:
    """The table as docs/attach_exits.md shows it, from the CSV read as text.

    An empty cell was not run; what failed shows its error.
    """
    lines = [
        "| network | units | exits | MACs to each exit | plain model, counted independently "
        "| trains, saves, loads | exports |",
        "|---|---|---|---|---|---|---|",
    ]
    for family, one in table.fillna("").iterrows():
        kept = {one.trains, one.saves_and_loads}
        exports = {name: one[name] for name in export.FORMATS}
        cells = [
            family,
            one.units,
            one.exits,
            _grouped(one.macs_by_exit),
            "the same" if one.independent_macs == one.macs else f"`{one.independent_macs}`",
            " ".join(sorted(kept)),
            "not run" if not any(exports.values()) else _summary(exports),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _grouped(numbers: str) -> str:
    return " · ".join(f"{int(one):,}" for one in numbers.split())


def _summary(exports: dict) -> str:
    if set(exports.values()) == {"yes"}:
        return "all"
    return "; ".join(f"{name}: {found or 'not run'}" for name, found in exports.items())


def main(argv):
    del argv
    table = pd.read_csv(PATH, index_col="family", dtype=str) if PATH.exists() else pd.DataFrame()
    for name in tqdm(_FAMILIES.value or FAMILIES, desc="families"):
        found = row(name, _FORMATS.value)
        if found is None:
            continue
        new = pd.DataFrame([found]).set_index("family").astype(str)
        table = new.combine_first(table) if len(table) else new
        with atomic_path(PATH) as temporary:
            table.reindex(columns=[*new, *(c for c in table if c not in new)]).to_csv(temporary)
    print(markdown(table))


if __name__ == "__main__":
    app.run(main)
