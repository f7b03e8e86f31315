"""The trained networks that come with the package: small, complete, and as good as their cards."""

import pathlib

import numpy as np
import pytest

import ann
from ann import data, evaluation, models
from ann.models.preset_card import CARD

FOLDER = pathlib.Path(ann.__file__).parent / "presets"
IMAGES = 2000
# Three standard deviations of an error measured on so many images, in points, at its largest.
SAMPLING = 100 * 3 * np.sqrt(0.25 / IMAGES)


def test_there_are_some():
    assert models.presets()


@pytest.mark.parametrize("name", models.presets())
def test_a_preset_is_small_and_says_what_it_is(name):
    preset = models.from_preset(name).preset
    assert preset.name == name
    assert sum(file.stat().st_size for file in (FOLDER / name).iterdir()) < 4e6
    assert len(set(preset.class_names)) == preset.num_classes
    assert set(preset.card) == set(CARD)
    assert "Not recorded" not in (FOLDER / name / "README.md").read_text()
    errors = [exit["error_top1"] for exit in preset.exits]
    assert errors[-1] < errors[0]
    assert all(0.1 < exit["temperature"] < 10 for exit in preset.exits)


@pytest.mark.parametrize("name", models.presets())
def test_the_errors_of_the_card_are_measured_again(name):
    model = models.from_preset(name)
    try:
        dataset = data.load(name.rsplit("-", 1)[1])
    except FileNotFoundError as error:
        pytest.skip(f"the data of {name} is not available: {error}")
    pixels, labels = dataset.test.images[:IMAGES], dataset.test.labels[:IMAGES]
    batches = (
        (model.preset.preprocess(pixels[start : start + 200]), labels[start : start + 200])
        for start in range(0, IMAGES, 200)
    )
    logits, labels = evaluation.logits_and_labels(model, batches)
    measured = 100 * (np.argmax(logits, -1) != labels).mean(axis=1)
    stated = [exit["error_top1"] for exit in model.preset.exits]
    np.testing.assert_allclose(measured, stated, atol=SAMPLING)


def test_the_table_in_the_docs_is_that_of_the_presets():
    rows = []
    for name in models.presets():
        exits = models.from_preset(name).preset.exits
        half = next(exit for exit in reversed(exits) if exit["fraction"] <= 0.5)
        errors = (f"{exit['error_top1']:.1f}" for exit in (exits[0], half, exits[-1]))
        costs = (f"{exit['macs'] / 1e6:.1f}" for exit in (exits[0], exits[-1]))
        size = (FOLDER / name / "weights.npz").stat().st_size / 1e6
        cells = (f"`{name}`", str(len(exits)), *costs, f"{size:.1f}", *errors)
        rows.append("| " + " | ".join(cells) + " |")
    page = (FOLDER.parent.parent / "docs" / "presets.md").read_text()
    assert "\n".join(rows) in page
