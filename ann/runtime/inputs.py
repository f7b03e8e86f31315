"""What a predictor is given: one input or several, one sample or a batch, checked."""

import numpy as np


def inputs_of(manifest) -> list[dict]:
    """Name (None for an input that is the only one), shape and dtype of each input, in order."""
    return manifest["inputs"] or [{"name": None, **manifest["input"]}]


def zeros_of(manifest) -> list[np.ndarray]:
    """A batch of one of zeros for each input."""
    return [np.zeros((1, *one["shape"]), one["dtype"]) for one in inputs_of(manifest)]


def batch_of(manifest, given):
    """A list of a batch of each input, and whether a single sample was given.

    Args:
        manifest: of the export.
        given: an array of images; of several inputs a dictionary of arrays by name, or a list in
            the order of the manifest.

    Raises:
        ValueError: other inputs, another shape or dtype, or numbers that are not finite.
    """
    wanted = inputs_of(manifest)
    parts = [given] if manifest["inputs"] is None else _parts(given, [x["name"] for x in wanted])
    checked = [_checked(part, one) for part, one in zip(parts, wanted, strict=True)]
    batches = [batch for batch, _ in checked]
    if len({(len(batch), single) for batch, single in checked}) > 1:
        raise ValueError(
            "all inputs must be of one sample, or of as many as the others. "
            f"Received: shapes {[np.shape(part) for part in parts]}"
        )
    return batches, checked[0][1]


def _parts(given, names):
    if isinstance(given, dict) and set(given) == set(names):
        return [given[name] for name in names]
    if isinstance(given, (list, tuple)) and len(given) == len(names):
        return list(given)
    received = list(given) if isinstance(given, dict) else type(given).__name__
    if isinstance(given, (list, tuple)):
        received = f"{received} of {len(given)}"
    raise ValueError(
        f"this network has the inputs {names}: give a dictionary, or a list in this order. "
        f"Received: {received}"
    )


def _checked(given, wanted):
    """The batch, and whether it was a single sample."""
    what = "images" if wanted["name"] is None else f"input {wanted['name']!r}"
    array, dtype = np.ascontiguousarray(given), np.dtype(wanted["dtype"])
    shape = tuple(wanted["shape"])
    if not _fits(array.dtype, dtype):
        raise ValueError(f"{what} must be {dtype}. Received: {what} of dtype {array.dtype}")
    single = array.shape == shape
    if not single and (array.shape[1:] != shape or not len(array)):
        sizes = ", ".join(map(str, shape))
        raise ValueError(
            f"{what} must be ({sizes}) or (batch, {sizes}). Received: {what} of shape {array.shape}"
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{what} must be finite. Received: {what} with NaN or infinity")
    array = array.astype(dtype, copy=False)
    return (array[np.newaxis], True) if single else (array, False)


def _fits(given, wanted) -> bool:
    """Whether numbers of one dtype may be converted to another: floats to floats, and any integers
    to the int32 of tokens."""
    if given == wanted or (given.kind == "f" and wanted.kind == "f"):
        return True
    return given.kind in "iu" and wanted.kind == "i"
