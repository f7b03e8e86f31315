"""ILSVRC 2012 as TensorFlow Datasets prepares it.

The records are stored in shards, in the random order in which TFDS wrote them.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import tensorflow as tf

from ann.data.jpegs import JpegDataset
from ann.data.tfds_builder import prepared_builder

_SHARDS_AT_A_TIME = 16
_WINDOW = 2048  # An image takes about 110 KB, so two windows in memory take half a gigabyte.


@dataclasses.dataclass(frozen=True)
class RecordSplit:
    """A `JpegSplit` of the records `start` to `stop` of a TFDS split.

    Shuffling has two steps. First, the shards are put into random order and read 16 at a time.
    Then the resulting stream is shuffled in windows of 2,048 records.
    """

    builder: Any
    name: str
    start: int
    stop: int

    def __len__(self):
        return self.stop - self.start

    def __getitem__(self, which: slice) -> RecordSplit:
        start, stop, _ = which.indices(len(self))
        return dataclasses.replace(self, start=self.start + start, stop=self.start + stop)

    def identity(self):
        yield f"{self.name} {self.start} {self.stop}".encode()
        for shard in self.builder.info.splits[self.name].shard_lengths:
            yield str(shard).encode()

    def elements(self, seed=None) -> tf.data.Dataset:
        part = f"{self.name}[{self.start}:{self.stop}]"
        shards = self.builder.info.splits[part].file_instructions
        paths = tf.constant([str(shard.filename) for shard in shards])
        bounds = tf.constant([(shard.skip, shard.take) for shard in shards], tf.int64)
        records = lambda path, bound: tf.data.TFRecordDataset(path).skip(bound[0]).take(bound[1])
        if seed is None:
            return tf.data.Dataset.from_tensor_slices((paths, bounds)).flat_map(records)
        shard_seed, window_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
        order = tf.random.experimental.stateless_shuffle(tf.range(len(shards)), shard_seed)
        shuffled = tf.data.Dataset.from_tensor_slices(
            (tf.gather(paths, order), tf.gather(bounds, order))
        )
        shuffled = shuffled.interleave(
            records, cycle_length=_SHARDS_AT_A_TIME, num_parallel_calls=tf.data.AUTOTUNE
        )
        in_window = lambda number, window: tf.random.experimental.stateless_shuffle(
            window, tf.random.experimental.stateless_fold_in(window_seed, number)
        )
        return shuffled.batch(_WINDOW).enumerate().map(in_window).prefetch(1).unbatch()

    def reader(self):
        import tensorflow_datasets as tfds

        features = self.builder.info.features

        def read(record):
            example = features.deserialize_example(
                record, decoders={"image": tfds.decode.SkipDecoding()}
            )
            return example["file_name"], example["image"], tf.cast(example["label"], tf.int32)

        return read


def load_imagenet2012(data_dir=None) -> JpegDataset:
    """Loads ILSVRC 2012: 1,281,167 images to train on and the 50,000 validation images to test on.

    001 section 5.1 also evaluates on the validation images. A program cannot download the images.
    If they are missing, the error says what to do.

    Raises:
        FileNotFoundError: the data set is not prepared, or only a part of it is.
        ValueError: it is prepared in a format other than TFRecord.
    """
    builder = prepared_builder(
        "imagenet2012",
        "imagenet2012",
        data_dir,
        first="after registering at https://image-net.org/download-images and putting "
        "ILSVRC2012_img_train.tar and ILSVRC2012_img_val.tar into downloads/manual of that folder; "
        "for images that are already unpacked into folders, use class_folders instead",
    )
    missing = sorted({"train", "validation"} - set(builder.info.splits))
    if missing:
        raise FileNotFoundError(
            f"imagenet2012 in {builder.data_path} lacks {missing}: "
            "tfds build found only some of the archives"
        )
    if builder.info.file_format.value != "tfrecord":
        raise ValueError(
            "imagenet2012 must be prepared in TFDS's default format, --file_format=tfrecord. "
            f"Received: file_format={builder.info.file_format.value!r}"
        )
    train, test = (
        RecordSplit(builder, name, 0, builder.info.splits[name].num_examples)
        for name in ("train", "validation")
    )
    return JpegDataset(
        "imagenet2012", builder.info.features["label"].num_classes, train=train, test=test
    )
