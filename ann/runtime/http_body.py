"""From the body of a request to an image: nested JSON lists, raw numbers, JPEG and PNG."""

import functools
import io
import json

import numpy as np
from PIL import Image, ImageOps

MAX_PIXELS = 2**25  # of a picture as it comes; some 100 MB decoded

_COLOURS = {1: "L", 3: "RGB"}  # channels of the network's input: Pillow's mode

Image.preinit()  # else the first picture waits until Pillow has loaded its decoders


def decoders(shape, dtype) -> dict:
    """Content type -> function from a body to an image.

    Pictures are taken where the network takes pixels: from numbers in float32 nobody knows how they
    were made of pixels.

    Args:
        shape: of the network's input, without the batch.
        dtype: "uint8" or "float32".

    Returns:
        dict of functions `bytes -> array` of `shape` and `dtype`, which raise ValueError for a body
        that holds no such image.

    Example:
        >>> list(decoders((32, 32, 3), "float32"))
        ['application/json', 'application/octet-stream']
        >>> list(decoders((32, 32, 3), "uint8"))
        ['application/json', 'application/octet-stream', 'image/jpeg', 'image/png']
    """
    made = {"application/json": _from_json, "application/octet-stream": _from_raw}
    if dtype == "uint8" and len(shape) == 3 and shape[-1] in _COLOURS:
        made["image/jpeg"] = functools.partial(_from_picture, "JPEG")
        made["image/png"] = functools.partial(_from_picture, "PNG")
    return {
        name: functools.partial(decode, tuple(shape), np.dtype(dtype))
        for name, decode in made.items()
    }


def _from_json(shape, dtype, body):
    try:
        # As objects: strings among the numbers would else be padded to the longest of them.
        numbers = np.array(json.loads(body), dtype=object)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"the body must be JSON: nested lists of shape {shape}. Received: {error}"
        ) from error
    if numbers.shape != shape:
        raise ValueError(
            f"the body must be nested lists of shape {shape}. Received: lists of shape {numbers.shape}"
        )
    if not set(map(type, numbers.flat)) <= {int, float}:
        raise ValueError("the body must hold numbers only. Received: something else in its lists")
    try:
        numbers = numbers.astype(float)
    except OverflowError as error:
        raise ValueError(f"numbers must be finite. Received: {error}") from error
    if (
        dtype == np.uint8
        and not ((numbers >= 0) & (numbers <= 255) & (numbers == np.floor(numbers))).all()
    ):
        raise ValueError("pixels must be whole numbers from 0 to 255. Received: others")
    with np.errstate(over="ignore"):
        return _finite(numbers.astype(dtype))


def _from_raw(shape, dtype, body):
    size = int(np.prod(shape)) * dtype.itemsize
    if len(body) != size:
        layout = f"{dtype} of shape {shape}, little-endian, row-major"
        raise ValueError(f"the body must be {size} bytes: {layout}. Received: {len(body)} bytes")
    return _finite(np.frombuffer(body, dtype.newbyteorder("<")).reshape(shape))


def _from_picture(format, shape, dtype, body):
    height, width, channels = shape
    try:
        with Image.open(io.BytesIO(body), formats=[format]) as picture:
            pixels = picture.width * picture.height
            if pixels <= MAX_PIXELS:
                picture.draft(
                    None, (max(height, width),) * 2
                )  # a large JPEG is decoded at 1/2, 1/4 or 1/8 of its size
                upright = ImageOps.exif_transpose(picture).convert(_COLOURS[channels])
                return np.asarray(ImageOps.fit(upright, (width, height)), dtype).reshape(shape)
    except Exception as error:  # Pillow's decoders raise what comes
        raise ValueError(
            f"the body must be a whole {format} of at most {MAX_PIXELS} pixels. Received: {error}"
        ) from error
    raise ValueError(f"a picture must have at most {MAX_PIXELS} pixels. Received: {pixels}")


def _finite(image):
    if not np.isfinite(image).all():
        raise ValueError(f"numbers must be finite in {image.dtype}. Received: others")
    return image
