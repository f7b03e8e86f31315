"""Class folders, through the public functions: the same contract as for data sets in memory."""

import dataclasses
import shutil

import numpy as np
import pytest

from ann import data


@pytest.fixture
def dataset(class_folders):
    return dataclasses.replace(data.load("class_folders", data_dir=str(class_folders)), size=32)


def collect(batches):
    return [(x.numpy(), y.numpy()) for x, y in batches]


def numbers(dataset, batches):
    """Returns the numbers of the images, which the fixture writes into the images."""
    mean, std = dataset.normalization()
    values = np.concatenate([(x * std + mean).mean((1, 2, 3)) for x, _ in batches])
    return np.rint(values / 10).astype(int).tolist()


def test_labels_are_the_folders_in_alphabetical_order(dataset):
    assert (len(dataset.train), len(dataset.test), dataset.num_classes) == (12, 6, 3)
    assert dataset.image_shape == (32, 32, 3)
    batches = collect(data.evaluation_batches(dataset, 4))
    assert [x.shape for x, _ in batches] == [(4, 32, 32, 3), (2, 32, 32, 3)]
    assert numbers(dataset, batches) == list(range(6))
    labels = np.concatenate([y for _, y in batches])
    assert (labels.tolist(), labels.dtype) == ([0, 0, 1, 1, 2, 2], np.int32)


def test_an_epoch_has_each_image_once_with_its_label_and_drops_the_incomplete_batch(dataset):
    batches = collect(data.training_batches(dataset, 5, seed=0, first_epoch=0, epochs=1))
    assert [x.shape for x, _ in batches] == [(5, 32, 32, 3)] * 2
    found = numbers(dataset, batches)
    assert len(set(found)) == 10
    assert np.concatenate([y for _, y in batches]).tolist() == [number // 4 for number in found]


def test_batches_depend_only_on_seed_and_epoch(class_folders):
    dataset = data.load("class_folders", data_dir=str(class_folders), preset="author_code")
    dataset = dataclasses.replace(dataset, size=32)

    def run(seed, first_epoch):
        return collect(
            data.training_batches(dataset, 5, seed=seed, first_epoch=first_epoch, epochs=3)
        )

    whole, again, resumed, other = run(0, 0), run(0, 0), run(0, 1), run(1, 0)
    for (x, y), (x_again, y_again) in zip(whole + whole[2:], again + resumed, strict=True):
        np.testing.assert_array_equal(x, x_again)
        np.testing.assert_array_equal(y, y_again)
    assert numbers(dataset, whole) != numbers(dataset, other)
    assert numbers(dataset, whole[:2]) != numbers(dataset, whole[2:4])  # epochs differ


def test_without_augmentation_training_images_look_as_in_evaluation(dataset):
    same = dataclasses.replace(dataset, test=dataset.train)
    options = {"seed": 0, "first_epoch": 0, "epochs": 1}
    plain = collect(data.training_batches(same, 12, **options, augmented=False))
    evaluated = collect(data.evaluation_batches(same))
    assert {x.tobytes() for x in plain[0][0]} == {x.tobytes() for x in evaluated[0][0]}


def test_as_many_images_as_in_the_test_split_are_held_out_from_all_classes(class_folders):
    whole = data.load("class_folders", data_dir=str(class_folders))
    held = data.load("class_folders", data_dir=str(class_folders), hold_out=True, train_examples=5)
    assert held.train.paths.tolist() == whole.train.paths[:5].tolist()
    assert held.test.paths.tolist() == whole.train.paths[6:].tolist()
    assert set(held.test.labels) == {0, 1, 2}


def test_errors_name_what_is_missing(class_folders):
    load = lambda **options: data.load("class_folders", data_dir=str(class_folders), **options)
    with pytest.raises(ValueError, match="Received: data_dir=None"):
        data.load("class_folders")
    shutil.rmtree(class_folders / "val")
    shutil.copytree(class_folders / "train", class_folders / "val")
    with pytest.raises(ValueError, match="12 training images, too few to hold out 12"):
        load(hold_out=True)
    shutil.rmtree(class_folders / "val" / "b")
    with pytest.raises(ValueError, match=r"same classes; only one has \['b'\]"):
        load()
    (class_folders / "val" / "b").mkdir()
    with pytest.raises(FileNotFoundError, match=r"val/b has no \*\.JPEG"):
        load()
    shutil.rmtree(class_folders / "val")
    with pytest.raises(FileNotFoundError, match="val must contain one folder of JPEG files"):
        load()
