"""From a JPEG, PNG or WebP to the pixels that a network takes."""

import io

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

MODES = {1: "L", 3: "RGB"}  # channels of the network's input: Pillow's mode
FORMATS = {
    "image/jpeg": "JPEG",
    "image/jpg": "JPEG",  # no registered name, but one that clients send
    "image/png": "PNG",
    "image/webp": "WEBP",
}
MAX_PIXELS = 2**25  # of a picture as it comes; about 100 MB decoded

_LARGE_PIXELS = 2**20  # more takes several milliseconds to decode
_TRANSPARENT_MODES = ("LA", "La", "PA", "RGBA", "RGBa")
_PLAIN_MODES = ("1", "L", "P", "RGB", *_TRANSPARENT_MODES)

Image.init()  # otherwise the first picture waits until Pillow has loaded its decoders


def is_large(format: str, body) -> bool:
    """Whether the header of a picture announces so many pixels that decoding it takes long."""
    try:
        with Image.open(io.BytesIO(body), formats=[format]) as picture:
            return picture.width * picture.height > _LARGE_PIXELS
    except Exception:  # not a picture: `decode` says so at once
        return False


def decode(body, format: str, shape, largest=255) -> np.ndarray:
    """Pixels of a picture: turned upright, its middle cut to the aspect ratio of `shape`, resized.

    Transparent parts are shown on white. 16-bit gray is scaled to 8 bits.

    Args:
        body: bytes of the file.
        format: Pillow's name of its format.
        shape: height, width, and channels of the result.
        largest: what white becomes.

    Returns:
        uint8 array of `shape`.

    Raises:
        ValueError: not a whole picture of this format, too large, animated, or in colors that are
            not RGB or gray.
    """
    try:
        with Image.open(io.BytesIO(body), formats=[format]) as picture:
            _check(picture, format)
            # A large JPEG is decoded at 1/2, 1/4 or 1/8 of its size.
            picture.draft(None, (max(shape[:2]),) * 2)
            upright = ImageOps.exif_transpose(picture)
            colors = _in_mode(upright, MODES[shape[-1]])
            pixels = np.asarray(ImageOps.fit(colors, (shape[1], shape[0]))).reshape(shape)
    except _Refused as error:
        raise ValueError(str(error)) from error
    except Exception as error:  # Pillow's decoders raise errors of many kinds
        unknown = isinstance(error, UnidentifiedImageError)  # it names an address in memory
        raise ValueError(
            f"the body must be a whole {format} of at most {MAX_PIXELS} pixels. "
            f"Received: {'something else' if unknown else error}"
        ) from error
    return np.round(pixels * (largest / 255)).astype(np.uint8)


class _Refused(Exception):
    pass


def _check(picture, format):
    pixels = picture.width * picture.height
    if pixels > MAX_PIXELS:
        raise _Refused(f"a picture must have at most {MAX_PIXELS} pixels. Received: {pixels}")
    if format != "JPEG" and getattr(picture, "is_animated", False):
        raise _Refused("a picture must be a single frame. Received: an animation")
    if picture.mode not in _PLAIN_MODES and not picture.mode.startswith("I;16"):
        raise _Refused(
            f"a picture must be in RGB or gray; convert it first, with its color profile. "
            f"Received: mode {picture.mode}"
        )


def _in_mode(picture, mode):
    if picture.mode.startswith("I;16"):
        gray = np.round(np.asarray(picture, np.float32) / 257)
        picture = Image.fromarray(gray.astype(np.uint8))
    if picture.mode in _TRANSPARENT_MODES or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    return picture.convert(mode)
