"""From the body of a request to images: nested JSON lists, raw numbers, pictures."""

import functools
import typing

import msgspec
import numpy as np

from ann.runtime.service import pictures

# The longest that clients write a number in JSON: "-1.2345678901234567e-100", a comma, an indent.
_JSON_BYTES_PER_NUMBER = 48
_HEAVY_JSON_BYTES = 2**16  # more takes a millisecond and longer to read


class BodyError(ValueError):
    """The body holds no image that the network takes."""


class Format(typing.NamedTuple):
    """How one content type becomes an image.

    Attributes:
        decode: function from a body to an array of the network's shape and dtype, to be pickled at
            will; raises `BodyError`.
        max_bytes: of a body, or None: as the service has it.
        is_heavy: function from a body to whether it takes more than a millisecond to decode.
    """

    decode: typing.Callable
    max_bytes: int | None
    is_heavy: typing.Callable


def formats(shape, dtype, largest=255) -> dict[str, Format]:
    """What a network's image may come as, by content type.

    Pictures are taken where the network takes pixels: nobody knows how the numbers of a float32
    network were made of pixels.

    Args:
        shape: of the network's input, without the batch.
        dtype: its name, such as "uint8" or "float32".
        largest: value of a white pixel in the images that the network was trained on; pictures are
            scaled to it.

    Example:
        >>> list(formats((32, 32, 3), "float32"))
        ['application/json', 'application/octet-stream']
        >>> list(formats((32, 32, 3), "uint8"))[2:]
        ['image/jpeg', 'image/jpg', 'image/png', 'image/webp']
    """
    shape, dtype = tuple(shape), np.dtype(dtype)
    size = int(np.prod(shape))
    made = {
        "application/json": Format(
            functools.partial(_from_json, shape, dtype),
            _JSON_BYTES_PER_NUMBER * size + 1024,
            lambda body: len(body) > _HEAVY_JSON_BYTES,
        ),
        "application/octet-stream": Format(
            functools.partial(_from_raw, shape, dtype), size * dtype.itemsize, lambda body: False
        ),
    }
    if dtype == np.uint8 and len(shape) == 3 and shape[-1] in pictures.MODES:
        for content_type, name in pictures.FORMATS.items():
            decode = functools.partial(_from_picture, name, shape, largest)
            is_heavy = functools.partial(pictures.is_large, name)
            made[content_type] = Format(decode, None, is_heavy)
    return made


def batch_formats(shape, dtype, max_images: int) -> dict[str, Format]:
    """As `formats`, of several images in a body: a JSON list of images, or their bytes in a row."""
    one = formats(shape, dtype)
    size = one["application/octet-stream"].max_bytes
    shape, dtype = tuple(shape), np.dtype(dtype)
    return {
        "application/json": Format(
            functools.partial(_batch_from_json, shape, dtype, max_images),
            max_images * one["application/json"].max_bytes,
            one["application/json"].is_heavy,
        ),
        "application/octet-stream": Format(
            functools.partial(_batch_from_raw, shape, dtype),
            max_images * size,
            lambda body: False,
        ),
    }


@functools.cache
def _decoder(shape, max_images=None):
    """Reads nested lists of numbers of just this shape, or of up to `max_images` of them."""
    lists = float
    for size in reversed(shape):
        lists = typing.Annotated[list[lists], msgspec.Meta(min_length=size, max_length=size)]
    if max_images is not None:
        lists = typing.Annotated[list[lists], msgspec.Meta(min_length=1, max_length=max_images)]
    return msgspec.json.Decoder(lists)


def _from_json(shape, dtype, body):
    return _numbers(_decoder(shape), f"nested lists of shape {shape}", dtype, body)


def _batch_from_json(shape, dtype, max_images, body):
    expected = f"a list of 1 to {max_images} images, each nested lists of shape {shape}"
    return _numbers(_decoder(shape, max_images), expected, dtype, body)


def _numbers(decoder, expected, dtype, body):
    try:
        numbers = np.array(decoder.decode(body))
    except (msgspec.DecodeError, RecursionError) as error:
        raise BodyError(f"the body must be JSON: {expected}. Received: {error}") from error
    if np.issubdtype(dtype, np.integer):
        least, most = np.iinfo(dtype).min, np.iinfo(dtype).max
        if not ((numbers >= least) & (numbers <= most) & (numbers == np.floor(numbers))).all():
            raise BodyError(
                f"{dtype} numbers must be whole numbers from {least} to {most}. Received: others"
            )
    with np.errstate(over="ignore"):
        return _finite(numbers.astype(dtype))


def _from_raw(shape, dtype, body):
    size = int(np.prod(shape)) * dtype.itemsize
    if len(body) != size:
        raise BodyError(
            f"the body must be {size} bytes: {_layout(shape, dtype)}. Received: {len(body)} bytes"
        )
    return _finite(np.frombuffer(body, dtype.newbyteorder("<")).astype(dtype).reshape(shape))


def _batch_from_raw(shape, dtype, body):
    size = int(np.prod(shape)) * dtype.itemsize
    if not body or len(body) % size:
        raise BodyError(
            f"the body must be images of {size} bytes each: {_layout(shape, dtype)}. "
            f"Received: {len(body)} bytes"
        )
    return _finite(np.frombuffer(body, dtype.newbyteorder("<")).astype(dtype).reshape(-1, *shape))


def _layout(shape, dtype):
    return f"{dtype} of shape {shape}, little-endian, row-major"


def _from_picture(name, shape, largest, body):
    try:
        return pictures.decode(body, name, shape, largest)
    except ValueError as error:
        raise BodyError(str(error)) from error


def _finite(images):
    if not np.isfinite(images).all():
        raise BodyError(f"numbers must be finite in {images.dtype}. Received: others")
    return images
