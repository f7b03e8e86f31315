"""Presets: written, read, on both backends; damaged and foreign folders."""

import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest

from ann import models
from ann.models import PresetError

# The module: the package's attribute of this name is the function.
MODULE = sys.modules["ann.models.presets"]
ROOT = pathlib.Path(__file__).parent.parent.parent


def attached():
    inputs = keras.Input((8, 8, 3))
    x = inputs
    for index in range(3):
        x = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name=f"conv_{index}")(x)
    x = keras.layers.Dense(10)(keras.layers.GlobalAveragePooling2D()(x))
    network = keras.Model(inputs, x)
    return models.attach_exits(network, at=["conv_0", "conv_1"], num_classes=10)


NETWORKS = {
    "resann": lambda: models.build("resann-n1-c4", input_shape=(8, 8, 3)),
    "drop_path": lambda: models.build("resann-n1-c4", input_shape=(8, 8, 3), drop_path=0.2),
    "denseann": lambda: models.build("denseann-n1-g4", input_shape=(8, 8, 3)),
    "attached": attached,
}


def shuffled(model, random):
    """Weights that no initializer makes, statistics of batch normalization included."""
    for variable in model.weights:
        values = np.asarray(variable)
        variable.assign(values + random.uniform(0.01, 0.5, values.shape))
    return model


@pytest.fixture
def network(random):
    return shuffled(NETWORKS["resann"](), random)


@pytest.fixture
def images(random):
    return random.normal(size=(4, 8, 8, 3)).astype("float32")


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_comes_back_as_it_was(name, random, images, tmp_path):
    model = shuffled(NETWORKS[name](), random)
    model.save_to_preset(tmp_path / "preset", weights="float32")
    again = models.from_preset(tmp_path / "preset")
    assert type(again) is models.MultiExitModel
    for mine, theirs in zip(again(images), model(images), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_compiled_network_in_mixed_precision_comes_back(images, tmp_path):
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = NETWORKS["resann"]()
    model.compile("sgd", weighting="uncertainty", sampler="exp3")
    model.save_to_preset(tmp_path / "preset", weights="float32")
    keras.config.set_dtype_policy("float32")
    again = models.from_preset(tmp_path / "preset")
    assert not again.compiled
    for mine, theirs in zip(again(images), model(images), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_float16_halves_the_kernels_and_nothing_else(network, images, tmp_path):
    network.save_to_preset(tmp_path / "half")
    network.save_to_preset(tmp_path / "whole", weights="float32")
    kernels = sum(int(np.prod(v.shape)) for v in network.weights if len(v.shape) > 1)
    sizes = [(tmp_path / name / "weights.npz").stat().st_size for name in ("half", "whole")]
    assert sizes[1] - sizes[0] == 2 * kernels
    again = models.from_preset(tmp_path / "half")
    for mine, theirs in zip(again.weights, network.weights, strict=True):
        assert mine.dtype == "float32"
        tolerance = 2**-11 if len(mine.shape) > 1 else 0
        np.testing.assert_allclose(mine, theirs, rtol=tolerance, atol=1e-7 * (tolerance > 0))


def test_int8_is_the_nearest_multiple_of_a_scale_for_each_output(network, tmp_path):
    network.heads[0].trainable_weights[-2].assign_add([[1.0] + [0.0] * 9])  # one output is larger
    silent = network.segments[0].trainable_weights[0]
    silent.assign(0 * silent)
    for stored in ("int8", "float32"):
        network.save_to_preset(tmp_path / stored, weights=stored)
    kernels = sum(int(np.prod(v.shape)) for v in network.weights if len(v.shape) > 1)
    size, whole = ((tmp_path / n / "weights.npz").stat().st_size for n in ("int8", "float32"))
    assert whole - 3 * kernels < size < whole - 2 * kernels
    again = models.from_preset(tmp_path / "int8")
    for mine, theirs in zip(again.weights, network.weights, strict=True):
        theirs = np.array(theirs)
        step = np.abs(theirs).max(axis=tuple(range(theirs.ndim - 1))) / 127
        tolerance = 0.501 * step if theirs.ndim > 1 else 0 * theirs
        assert (np.abs(mine - theirs) <= tolerance).all()
    assert "with kernels in int8" in (tmp_path / "int8" / "README.md").read_text()


def test_kernels_out_of_the_range_of_float16_stay_exact(network, tmp_path):
    kernel = network.heads[0].trainable_weights[-2]
    kernel.assign(np.full(kernel.shape, 1e5))
    network.save_to_preset(tmp_path / "preset")
    again = models.from_preset(tmp_path / "preset").heads[0].trainable_weights[-2]
    np.testing.assert_array_equal(again, kernel)


FACTS = {
    "normalization": (np.float32([120, 110, 100]), np.float32([60, 50, 40])),
    "class_names": [f"class {index}" for index in range(10)],
    "temperatures": [1.5, 1.25, 1.125],
    "card": {"data": "Ten made-up classes.", "licence": "Free.", "limits": "Knows no cats."},
    "curve": pd.DataFrame(
        {
            "exit": range(3),
            "macs": [1000, 2000, 4000],
            "fraction": [0.25, 0.5, 1.0],
            "loss": [1.5, 1.0, 0.5],
            "error_top1": [50.0, 25.0, 12.5],
            "error_top5": [5.0, 2.5, 1.25],
        }
    ),
}


def test_what_is_known_comes_back_and_is_on_the_card(network, tmp_path):
    network.save_to_preset(tmp_path / "mine", **FACTS)
    preset = models.from_preset(tmp_path / "mine").preset
    assert (preset.name, preset.num_classes) == ("mine", 10)
    assert tuple(preset.input_shape) == (8, 8, 3)
    assert preset.class_names == FACTS["class_names"]
    assert preset.exits[1] == {
        "exit": 1,
        "macs": 2000,
        "fraction": 0.5,
        "loss": 1.0,
        "error_top1": 25.0,
        "error_top5": 2.5,
        "temperature": 1.25,
    }
    pixels = np.full((1, 1, 1, 3), 160, "float32")
    np.testing.assert_allclose(np.ravel(preset.preprocess(pixels)), [40 / 60, 1, 1.5])
    card = (tmp_path / "mine" / "README.md").read_text()
    assert "| 1 | 2,000 | 0.500 | 25.00 | 2.50 | 1.0000 | 1.250 |" in card
    for text in (*FACTS["card"].values(), "## Seed\n\nNot recorded.", "8 x 8 x 3"):
        assert text in card


def test_what_is_not_known_is_left_out(network, tmp_path):
    network.save_to_preset(tmp_path / "bare")
    preset = models.from_preset(tmp_path / "bare").preset
    with pytest.raises(PresetError, match="bare does not say how pixels become its input"):
        preset.preprocess(np.zeros((1, 8, 8, 3)))
    assert preset.exits == [{"exit": 0}, {"exit": 1}, {"exit": 2}]
    assert "| Exit |" in (tmp_path / "bare" / "README.md").read_text()


def test_sha256sum_agrees(network, tmp_path):
    network.save_to_preset(tmp_path / "preset")
    command = ["sha256sum", "--strict", "-c", "SHA256SUMS"]
    subprocess.run(command, cwd=tmp_path / "preset", check=True, capture_output=True)


def test_presets_of_the_package_are_found_by_name(network, tmp_path, monkeypatch):
    monkeypatch.setattr(MODULE, "_BUILT_IN", tmp_path)
    assert models.presets() == []
    network.save_to_preset(tmp_path / "tiny")
    (tmp_path / "README.md").write_text("no preset")
    assert models.presets() == ["tiny"]
    assert models.from_preset("tiny").preset.name == "tiny"
    with pytest.raises(PresetError, match=r"Did you mean 'tiny'\? Received: preset='tinny'"):
        models.from_preset("tinny")


def damage(folder, file, change):
    path = folder / file
    path.write_bytes(change(path.read_bytes()))


def signed(folder):
    """Makes the checksums right again, as somebody would who puts other files in."""
    sums = (
        f"{MODULE._sum((folder / n).read_bytes())}  {n}\n" for n in ("preset.json", "weights.npz")
    )
    (folder / "SHA256SUMS").write_text("".join(sums))


def with_facts(**changes):
    return lambda content: json.dumps(json.loads(content) | changes).encode()


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("weights.npz", lambda b: b[:99] + bytes([b[99] ^ 1]) + b[100:], "is damaged: its SHA-256"),
        ("weights.npz", lambda b: b[:-1], "is damaged: its SHA-256"),
        ("preset.json", lambda b: b.replace(b"segment_00", b"segment_0X"), "is damaged: its SHA"),
        ("SHA256SUMS", lambda b: b"", "is damaged: its SHA-256"),
    ],
)
def test_damaged_presets_are_refused(network, tmp_path, file, change, message):
    network.save_to_preset(tmp_path / "preset")
    damage(tmp_path / "preset", file, change)
    with pytest.raises(PresetError, match=message):
        models.from_preset(tmp_path / "preset")


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("preset.json", with_facts(format=2), "by a later version: it has format 2"),
        ("preset.json", lambda b: b"[1]", "is no preset: its preset.json is something else"),
        ("preset.json", lambda b: b"{}", "is no preset: its preset.json is something else"),
        ("preset.json", lambda b: b.replace(b'"Conv2D"', b'"Cnv2D"'), "cannot be built"),
        (
            "preset.json",
            with_facts(model=keras.saving.serialize_keras_object(keras.layers.Dense(1))),
            "holds no anytime network but a Dense",
        ),
        ("weights.npz", lambda b: b"no zip", "holds no arrays"),
    ],
)
def test_foreign_content_is_refused(network, tmp_path, file, change, message):
    network.save_to_preset(tmp_path / "preset")
    damage(tmp_path / "preset", file, change)
    signed(tmp_path / "preset")
    with pytest.raises(PresetError, match=message):
        models.from_preset(tmp_path / "preset")


def test_pickled_arrays_are_refused(network, tmp_path):
    network.save_to_preset(tmp_path / "preset")
    np.savez(tmp_path / "preset" / "weights.npz", a=np.array([{}], dtype=object))
    signed(tmp_path / "preset")
    with pytest.raises(PresetError, match="holds no arrays.*allow_pickle=False"):
        models.from_preset(tmp_path / "preset")


def test_weights_of_another_network_are_refused(network, tmp_path):
    network.save_to_preset(tmp_path / "one")
    models.build("resann-n1-c8", input_shape=(8, 8, 3)).save_to_preset(tmp_path / "other")
    weights = (tmp_path / "other" / "weights.npz").read_bytes()
    damage(tmp_path / "one", "weights.npz", lambda _: weights)
    signed(tmp_path / "one")
    with pytest.raises(PresetError, match="weights of another network"):
        models.from_preset(tmp_path / "one")


def test_other_folders_are_refused(tmp_path):
    with pytest.raises(PresetError, match="is no preset: it has no preset.json"):
        models.from_preset(tmp_path)
    with pytest.raises(PresetError, match="preset must be a folder"):
        models.from_preset(tmp_path / "nowhere")


def test_a_folder_with_something_in_it_is_kept(network, tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(PresetError, match="folder must be new or empty"):
        network.save_to_preset(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"temperatures": [1.0]}, "temperatures must have one entry for each of the 3 exits"),
        ({"class_names": ["cat"]}, "class_names must have one entry for each of the 10 classes"),
        ({"card": {"license": "MIT"}}, "Did you mean 'licence'"),
        ({"weights": "int4"}, "weights must be one of .*'float32', 'int8'"),
    ],
)
def test_what_cannot_be_saved_leaves_nothing(network, tmp_path, facts, message):
    with pytest.raises(PresetError, match=message):
        network.save_to_preset(tmp_path / "preset", **facts)
    assert not list(tmp_path.iterdir())


def test_a_network_that_would_not_load_is_not_saved(dense_chain, tmp_path):
    model = dense_chain(num_exits=1)
    inputs = keras.Input((4,))
    double = keras.Model(inputs, keras.layers.Lambda(lambda x: 2 * x)(inputs))
    model = models.MultiExitModel([double], model.heads, (4,))
    with pytest.raises(PresetError, match="cannot be built"):
        model.save_to_preset(tmp_path / "preset")
    assert not list(tmp_path.iterdir())


ON_JAX = """
import sys
sys.modules["tensorflow"] = None  # importing it is now an error
import keras, numpy as np
from ann import models
assert keras.config.backend() == "jax"
model = models.from_preset(sys.argv[1])
images = model.preset.preprocess(np.load(sys.argv[2]))
np.savez(sys.argv[3], *[np.asarray(logits) for logits in model(images)])
model.save_to_preset(sys.argv[4])
"""


def test_jax_reads_what_tensorflow_wrote_and_back(network, random, tmp_path):
    pytest.importorskip("jax")
    network.save_to_preset(tmp_path / "preset", **FACTS)
    pixels = random.integers(0, 256, (4, 8, 8, 3)).astype("float32")
    np.save(tmp_path / "pixels.npy", pixels)
    paths = [tmp_path / name for name in ("preset", "pixels.npy", "logits.npz", "again")]
    environment = {
        **os.environ,
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        # Compiled once, run once: not worth XLA's optimizations.
        "XLA_FLAGS": "--xla_backend_optimization_level=0",
    }
    command = [sys.executable, "-c", ON_JAX, *map(str, paths)]
    run = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    for folder in (tmp_path / "preset", tmp_path / "again"):
        model = models.from_preset(folder)
        inputs = models.from_preset(tmp_path / "preset").preset.preprocess(pixels)
        for mine, theirs in zip(model(inputs), np.load(paths[2]).values(), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-3)
