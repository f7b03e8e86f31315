"""Prepared data sets are read as TFDS reads them, without it."""

import json

import numpy as np
import pytest
import tensorflow as tf

from ann import data
from ann.data import tfds_images, tfrecords

COUNTS = {"train": (5, 3), "test": (2,)}
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (10, 32, 32, 3)).astype("uint8")
LABELS = RANDOM.integers(0, 10, 10)


def example(index):
    values = {
        "id": tf.train.BytesList(value=[f"{9 - index:05d}".encode()]),
        "image": tf.train.BytesList(value=[tf.io.encode_png(IMAGES[index]).numpy()]),
    }
    features = {name: tf.train.Feature(bytes_list=value) for name, value in values.items()}
    label = tf.train.Int64List(value=[int(LABELS[index])])
    features["label"] = tf.train.Feature(int64_list=label)
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


@pytest.fixture
def prepared(tmp_path):
    """A small CIFAR-10 as TFDS lays it out; ids run against the order in which it was written."""
    folder = tmp_path / "cifar10" / "3.0.2"
    folder.mkdir(parents=True)
    index = 0
    for split, counts in COUNTS.items():
        for shard, count in enumerate(counts):
            name = f"cifar10-{split}.tfrecord-{shard:05d}-of-{len(counts):05d}"
            with tf.io.TFRecordWriter(str(folder / name)) as writer:
                for _ in range(count):
                    writer.write(example(index))
                    index += 1
    splits = [{"name": name, "shardLengths": list(map(str, c))} for name, c in COUNTS.items()]
    info = {"fileFormat": "tfrecord", "splits": splits}
    (folder / "dataset_info.json").write_text(json.dumps(info))
    tfds_images._read.cache_clear()
    return folder


def test_images_and_labels_in_the_order_of_their_ids(prepared, tmp_path):
    dataset = data.load("cifar10", data_dir=tmp_path)
    np.testing.assert_array_equal(dataset.train.images, IMAGES[:8][::-1])
    np.testing.assert_array_equal(dataset.train.labels, LABELS[:8][::-1])
    np.testing.assert_array_equal(dataset.test.images, IMAGES[8:][::-1])


def test_real_records_are_those_of_tensorflow():
    try:
        folder = tfrecords.prepared_folder("cifar10", "cifar10")
    except FileNotFoundError as error:
        pytest.skip(f"real CIFAR-10 is not available: {error}")
    features = {"image": tf.io.FixedLenFeature((), tf.string)}
    features |= {"id": features["image"], "label": tf.io.FixedLenFeature((), tf.int64)}
    records = tf.data.TFRecordDataset(str(next(folder.glob("*test.tfrecord*")))).take(200)
    for mine, record in zip(tfrecords.examples(folder, "test"), records, strict=False):
        theirs = tf.io.parse_single_example(record, features)
        assert mine == {name: value.numpy() for name, value in theirs.items()}


@pytest.mark.parametrize("cut", [1, 20, 3000])
def test_a_damaged_file_is_refused(prepared, cut):
    path = prepared / "cifar10-test.tfrecord-00000-of-00001"
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(ValueError, match="test.tfrecord-00000-of-00001 is damaged"):
        list(tfrecords.examples(prepared, "test"))


def test_missing_files_and_other_formats_are_refused(prepared, tmp_path):
    (prepared / "cifar10-train.tfrecord-00001-of-00002").unlink()
    with pytest.raises(FileNotFoundError, match="must hold 2 files of the split 'train'"):
        list(tfrecords.examples(prepared, "train"))
    (prepared / "dataset_info.json").write_text('{"fileFormat": "array_record"}')
    with pytest.raises(ValueError, match="Received: file_format='array_record'"):
        data.load("cifar10", data_dir=tmp_path)


def test_the_newest_version_is_taken(prepared, tmp_path):
    newer = prepared.parent / "3.0.10"
    newer.mkdir()
    (newer / "dataset_info.json").write_text('{"fileFormat": "tfrecord"}')
    assert tfrecords.prepared_folder("cifar10", "cifar10", tmp_path) == newer
