import dataclasses

import numpy as np
import pytest

from ann import data
from ann.data import Dataset, Split


def numbered(count=50):
    """Makes images whose pixels are their index, which reveals their order."""
    images = np.broadcast_to(np.arange(count, dtype="uint8")[:, None, None, None], (count, 4, 4, 1))
    split = Split(np.array(images), np.arange(count, dtype="int32"))
    return Dataset("numbered", count, train=split, test=split)


def collect(batches):
    return [(x.numpy(), y.numpy()) for x, y in batches]


def test_an_epoch_has_each_image_once_and_drops_the_incomplete_batch():
    batches = collect(data.training_batches(numbered(), 8, seed=0, first_epoch=0, epochs=1))
    assert [len(y) for _, y in batches] == [8] * 6
    labels = np.concatenate([y for _, y in batches])
    assert len(set(labels)) == 48
    assert labels.tolist() != sorted(labels)


def test_images_keep_their_labels_and_are_normalized():
    dataset = numbered()
    mean, std = dataset.normalization()
    batches = data.training_batches(dataset, 8, seed=0, first_epoch=0, epochs=1)
    for images, labels in collect(batches):
        np.testing.assert_allclose(images[:, 0, 0, 0] * std + mean, labels, atol=1e-3)


def test_batches_depend_only_on_seed_and_epoch():
    dataset = data.load("synthetic")

    def run(seed, first_epoch):
        return collect(
            data.training_batches(dataset, 64, seed=seed, first_epoch=first_epoch, epochs=3)
        )

    whole, again, resumed, other = run(0, 0), run(0, 0), run(0, 1), run(1, 0)
    for (x, y), (x_again, y_again) in zip(whole, again, strict=True):
        np.testing.assert_array_equal(x, x_again)
        np.testing.assert_array_equal(y, y_again)
    for (x, y), (x_resumed, y_resumed) in zip(whole[8:], resumed, strict=True):
        np.testing.assert_array_equal(x, x_resumed)
        np.testing.assert_array_equal(y, y_resumed)
    assert any((y != y_other).any() for (_, y), (_, y_other) in zip(whole, other, strict=True))
    assert (whole[0][1] != whole[8][1]).any()  # epochs differ


@pytest.mark.parametrize("first_step", [0, 3, 8])
def test_a_run_goes_on_at_a_step_inside_an_epoch(first_step):
    dataset = dataclasses.replace(data.load("synthetic"), padding=2, flip=True)

    def batches(**start):
        return collect(data.training_batches(dataset, 64, seed=0, epochs=3, **start))

    whole, rest = batches(first_epoch=0), batches(first_epoch=1, first_step=first_step)
    assert len(rest) == 16 - first_step  # 8 steps in an epoch
    for (x, y), (x_rest, y_rest) in zip(whole[8 + first_step :], rest, strict=True):
        np.testing.assert_array_equal(x, x_rest)
        np.testing.assert_array_equal(y, y_rest)


def test_augmentation_can_be_turned_off():
    dataset = dataclasses.replace(data.load("synthetic"), padding=2, flip=True, blur=True)
    options = {"seed": 0, "first_epoch": 0, "epochs": 1}
    plain = collect(data.training_batches(dataset, 64, **options, augmented=False))
    augmented = collect(data.training_batches(dataset, 64, **options))
    assert {x.shape for x, _ in plain + augmented} == {(64, 8, 8, 3)}
    originals = {image.tobytes() for image in dataset.train.images}
    mean, std = dataset.normalization()
    back = lambda x: {np.rint(image * std + mean).astype("uint8").tobytes() for image in x}
    assert back(plain[0][0]) <= originals
    assert not back(augmented[0][0]) <= originals


def test_evaluation_keeps_the_order_and_the_incomplete_last_batch():
    batches = collect(data.evaluation_batches(numbered(), 8))
    assert np.concatenate([y for _, y in batches]).tolist() == list(range(50))


def test_a_batch_larger_than_the_data_is_refused():
    with pytest.raises(ValueError, match="Received: batch_size=51"):
        data.training_batches(numbered(), 51, seed=0, first_epoch=0, epochs=1)


def whole_and_parts(dataset, **options):
    start = {"seed": 3, "first_epoch": 1, "first_step": 1, "epochs": 3}
    whole = collect(data.training_batches(dataset, 6, **start, **options))
    parts = [
        collect(data.training_batches(dataset, 6, part=(index, 3), **start, **options))
        for index in range(3)
    ]
    return whole, parts


@pytest.mark.parametrize("augmentation", [None, data.BatchAugmentation(mixup=0.2, erasing=0.5)])
def test_the_parts_of_the_workers_are_the_batches_of_one(augmentation):
    dataset = dataclasses.replace(numbered(21), padding=1, flip=True)
    whole, parts = whole_and_parts(dataset, augmentation=augmentation)
    assert len(whole) == 5
    for batch, *own in zip(whole, *parts, strict=True):
        for one, *pieces in zip(batch, *own, strict=True):
            assert [len(piece) for piece in pieces] == [2, 2, 2]
            np.testing.assert_array_equal(np.concatenate(pieces), one)


def test_the_parts_of_the_workers_are_the_batches_of_one_of_files_too(class_folders):
    dataset = data.load("class_folders", data_dir=class_folders)
    dataset = dataclasses.replace(dataset, size=8)
    whole, parts = whole_and_parts(dataset)
    assert len(whole) == 3
    for batch, *own in zip(whole, *parts, strict=True):
        for one, *pieces in zip(batch, *own, strict=True):
            np.testing.assert_array_equal(np.concatenate(pieces), one)


def test_a_batch_that_does_not_divide_is_refused():
    start = {"seed": 0, "first_epoch": 0, "epochs": 1}
    with pytest.raises(ValueError, match="2 equal parts. Received: batch_size=7"):
        data.training_batches(numbered(), 7, part=(0, 2), **start)


def test_every_image_is_evaluated_by_one_worker(class_folders):
    files = dataclasses.replace(data.load("class_folders", data_dir=class_folders), size=8)
    for dataset in (numbered(50), files):
        parts = [
            np.concatenate([y for _, y in collect(data.evaluation_batches(dataset, 4, (i, 3)))])
            for i in range(3)
        ]
        whole = np.concatenate([y for _, y in collect(data.evaluation_batches(dataset, 4))])
        for index, part in enumerate(parts):
            np.testing.assert_array_equal(part, whole[index::3])
