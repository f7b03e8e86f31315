"""TFDS's own imagenet2012, prepared from archives like ILSVRC's with a few small images."""

import dataclasses
import io
import pathlib
import tarfile

import numpy as np
import pytest
import tensorflow as tf

from ann import data


def archive(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def jpeg(value):
    return tf.io.encode_jpeg(np.full((20, 16, 3), value, np.uint8), quality=100).numpy()


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """Prepares 12 training images in 3 shards and 4 validation images.

    The training images are from the first three classes of ILSVRC.
    """
    import tensorflow_datasets as tfds

    root = tmp_path_factory.mktemp("tfds")
    manual = pathlib.Path(root / "downloads" / "manual")
    manual.mkdir(parents=True)
    classes = ("n01440764", "n01443537", "n01484850")
    train = {
        f"{c}.tar": archive({f"{c}_{i}.JPEG": jpeg(80 * k + 20 * i) for i in range(4)})
        for k, c in enumerate(classes)
    }
    (manual / "ILSVRC2012_img_train.tar").write_bytes(archive(train))
    validation = {f"ILSVRC2012_val_{i:08d}.JPEG": jpeg(20 * i) for i in range(1, 5)}
    (manual / "ILSVRC2012_img_val.tar").write_bytes(archive(validation))
    builder = tfds.builder("imagenet2012", data_dir=str(root))
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(num_shards=3))
    assert builder.info.splits["train"].num_shards == 3
    return str(root)


def names(split, seed=None):
    return [name.numpy().decode() for name, _, _ in split.elements(seed).map(split.reader())]


def test_splits_labels_and_order(data_dir):
    dataset = data.load("imagenet2012", data_dir=data_dir)
    assert (len(dataset.train), len(dataset.test), dataset.num_classes) == (12, 4, 1000)
    read = {
        name.numpy().decode(): int(label)
        for name, _, label in dataset.train.elements().map(dataset.train.reader())
    }
    assert read == {
        f"{c}_{i}.JPEG": k
        for k, c in enumerate(("n01440764", "n01443537", "n01484850"))
        for i in range(4)
    }
    labels = np.concatenate([y for _, y in data.evaluation_batches(dataset, 3)])
    # The labels of ILSVRC's first four validation images, as TFDS numbers the classes. They are
    # expected in the order in which TFDS wrote the images.
    known = {
        f"ILSVRC2012_val_{i:08d}.JPEG": label
        for i, label in enumerate((65, 970, 230, 809), start=1)
    }
    assert labels.tolist() == [known[name] for name in names(dataset.test)]


def test_slices_contain_the_right_images(data_dir):
    whole = data.load("imagenet2012", data_dir=data_dir)
    held = data.load("imagenet2012", data_dir=data_dir, hold_out=True, train_examples=7)
    assert names(held.train) == names(whole.train)[:7]
    assert names(held.test) == names(whole.train)[8:]
    assert sorted(names(held.train, tf.constant([0, 1], tf.int64))) == sorted(names(held.train))


def test_shuffling_depends_only_on_the_seed(data_dir):
    split = data.load("imagenet2012", data_dir=data_dir).train
    orders = [names(split, tf.constant(seed, tf.int64)) for seed in ([0, 0], [0, 0], [0, 1])]
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2]) == sorted(names(split))
    assert orders[0] != names(split)


def test_training_resumes(data_dir):
    dataset = dataclasses.replace(data.load("imagenet2012", data_dir=data_dir), size=32)

    def run(first_epoch):
        batches = data.training_batches(dataset, 5, seed=0, first_epoch=first_epoch, epochs=2)
        return [(x.numpy(), y.numpy()) for x, y in batches]

    whole, resumed = run(0), run(1)
    assert len(whole) == 4
    for (x, y), (x_resumed, y_resumed) in zip(whole[2:], resumed, strict=True):
        np.testing.assert_array_equal(x, x_resumed)
        np.testing.assert_array_equal(y, y_resumed)


def test_the_error_for_missing_data_says_how_to_get_it(tmp_path):
    with pytest.raises(
        FileNotFoundError,
        match=r"tfds build imagenet2012 --data_dir=.*ILSVRC2012_img_train.tar.*class_folders",
    ):
        data.load("imagenet2012", data_dir=str(tmp_path))
