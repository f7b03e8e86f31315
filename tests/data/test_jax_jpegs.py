"""Batches of JPEGs for JAX are those of tf.data, within the rounding to gray levels."""

import dataclasses

import numpy as np
import PIL.Image
import pytest

from ann import data
from ann.data.ahead import Ahead

pytest.importorskip("jax")

from ann.data.jax_jpegs import JpegEvaluationBatches, JpegTrainingBatches

OPTIONS = {"seed": 7, "first_epoch": 1, "first_step": 1, "epochs": 4}


@pytest.fixture
def dataset(class_folders):
    """Red grows to the right, green downwards: windows and flips show."""
    rows, columns = np.mgrid[:60, :90]
    for number, path in enumerate(sorted(class_folders.glob("*/*/*.JPEG"))):
        pixels = np.stack([2 * columns, 3 * rows, np.full_like(rows, 10 * number)], axis=-1)
        PIL.Image.fromarray(pixels.astype("uint8")).save(path, quality=95, subsampling=0)
    return dataclasses.replace(data.load("class_folders", data_dir=str(class_folders)), size=32)


@pytest.mark.parametrize("augmented", [True, False])
def test_training_batches(dataset, augmented):
    mine = JpegTrainingBatches(dataset, 4, **OPTIONS, augmented=augmented)
    theirs = list(data.training_batches(dataset, 4, **OPTIONS, augmented=augmented))
    assert len(mine) == len(theirs) == 2 + 3 + 3
    _, std = dataset.normalization()
    for (x, y), (tf_x, tf_y) in zip(mine, theirs, strict=True):
        assert (x.dtype, y.dtype) == (np.float32, np.int32)
        np.testing.assert_array_equal(y, tf_y)
        assert np.abs((x - tf_x) * std).max() < 0.51


def test_a_worker_decodes_its_own_part(dataset):
    whole = JpegTrainingBatches(dataset, 4, **OPTIONS, augmented=True)
    parts = [
        JpegTrainingBatches(dataset, 4, **OPTIONS, augmented=True, part=(i, 2)) for i in (0, 1)
    ]
    expected = whole.draws(0, 3)
    first, second = (part.draws(0, 3)["images"] for part in parts)
    assert not first[:, 2:].any()
    assert not second[:, :2].any()
    np.testing.assert_array_equal(first + second, expected["images"])


def test_several_steps_travel_together_if_asked(dataset):
    batches = JpegTrainingBatches(dataset, 4, **OPTIONS, augmented=True)
    together = batches.draws(1, 3)
    again = JpegTrainingBatches(dataset, 4, **OPTIONS, augmented=True)
    for row, step in enumerate((1, 2, 3)):
        for name, value in again.draws(step, 1).items():
            np.testing.assert_array_equal(together[name][row], value[0])


def test_evaluation_batches(dataset):
    mine = JpegEvaluationBatches(dataset, 4)
    theirs = list(data.evaluation_batches(dataset, 4))
    assert len(mine) == len(theirs) == 2
    for _ in range(2):  # an evaluation per epoch
        for (x, y), (tf_x, tf_y) in zip(mine, theirs, strict=True):
            assert (x.dtype, y.dtype) == (np.float32, np.int32)
            np.testing.assert_array_equal(y, tf_y)
            np.testing.assert_allclose(x, tf_x, atol=1e-4)


def test_a_broken_image_is_named(dataset, class_folders):
    next((class_folders / "val" / "b").iterdir()).write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"val/b/\d\d.JPEG is not an image"):
        list(JpegEvaluationBatches(dataset, 4))


def test_work_begins_before_it_is_asked_for():
    begun = []

    def tasks(number):
        begun.append(number)
        return [lambda: number, lambda: -number]

    ahead = Ahead(tasks, 4)
    assert ahead[0] == [0, 0]
    assert begun == [0, 1, 2]
    assert [ahead[number] for number in (1, 2, 3)] == [[1, -1], [2, -2], [3, -3]]
    assert begun == [0, 1, 2, 3]
