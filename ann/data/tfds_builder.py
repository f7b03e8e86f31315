"""Data sets that TensorFlow Datasets has prepared on this machine."""

import logging


def prepared_builder(name, tfds_name, data_dir, *, first):
    """The TFDS builder of a data set that is prepared.

    Args:
        name: of the data set, as in `ann.data.names()`.
        tfds_name: its name in TFDS.
        data_dir: folder of prepared data sets; None for TFDS's default.
        first: what is to know before `tfds build`, for the message.

    Raises:
        FileNotFoundError: it is not prepared; the message says how to.
    """
    logging.getLogger("absl").setLevel(
        logging.WARNING
    )  # TFDS reports each step of the loading at INFO
    import tensorflow_datasets as tfds  # slow to import, and not needed for the embedded data sets

    builder = tfds.builder(tfds_name, data_dir=data_dir)
    if not builder.data_path.exists():
        option = f" --data_dir={data_dir}" if data_dir else ""
        raise FileNotFoundError(
            f"{name} is not prepared in {builder.data_path}. Run `tfds build {tfds_name}{option}` once ({first}) "
            f"or name the folder that holds it with data_dir or TFDS_DATA_DIR. Received: data_dir={data_dir!r}"
        )
    return builder
