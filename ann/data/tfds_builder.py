"""Data sets that TensorFlow Datasets (TFDS) has prepared on this machine."""


def prepared_builder(name, tfds_name, data_dir, *, first):
    """Returns the TFDS builder of a data set that is already prepared.

    Args:
        name: name of the data set, as in `ann.data.names()`.
        tfds_name: its name in TFDS.
        data_dir: folder of prepared data sets. None means TFDS's default.
        first: what the user needs to know before running `tfds build`. Part of the error message.

    Raises:
        FileNotFoundError: the data set is not prepared. The message says how to prepare it.
    """
    # Imported here because it is slow to import and the built-in data sets do not need it.
    import tensorflow_datasets as tfds

    builder = tfds.builder(tfds_name, data_dir=data_dir)
    if not builder.data_path.exists():
        option = f" --data_dir={data_dir}" if data_dir else ""
        raise FileNotFoundError(
            f"{name} is not prepared in {builder.data_path}. "
            f"Run `tfds build {tfds_name}{option}` once ({first}), or name the folder that holds "
            f"the prepared data with data_dir or TFDS_DATA_DIR. Received: data_dir={data_dir!r}"
        )
    return builder
