"""Images from files without TensorFlow: decoded by Pillow, then cut out and resized.

They are those of `ann.data.jpeg_pipeline`, within a gray level. At the edges of a window it may be
a few: TensorFlow decodes the window alone, without the colors around it.
"""

import io

import numpy as np
import PIL.Image

from ann.data.jpegs import AREA, CENTRE, LOG_ASPECT


def view(content: bytes, name: str, size: int, draws=None) -> np.ndarray:
    """The part of an image that the network sees.

    Args:
        content, name: of the file; the name is for the error message.
        size: height and width of the result.
        draws: what `window_from_draws` takes, for training. None gives the image for evaluation.

    Returns:
        float32 `(size, size, 3)`, RGB, 0..255.

    Raises:
        ValueError: the file is not an image, or is cut short.
    """
    pixels = _decoded(content, name)
    height, width = pixels.shape[:2]
    if draws is None:
        top, left, rows, columns = centre_window(height, width)
    else:
        top, left, rows, columns = window_from_draws(height, width, draws)
    return resized(pixels[top : top + rows, left : left + columns], size)


def _decoded(content, name):
    try:
        with PIL.Image.open(io.BytesIO(content)) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError) as error:  # what Pillow raises for damaged files
        raise ValueError(
            f"{name} is not an image that can be decoded, or is cut short: {error}"
        ) from error


def window_from_draws(height: int, width: int, draws) -> tuple[int, int, int, int]:
    """As `ann.data.windows.window_from_draws`: top, left, height, and width."""
    area, aspect, top, left = np.asarray(draws, np.float32).T
    pixels = height * width * _between(AREA, area)
    aspect = np.exp(_between(LOG_ASPECT, aspect))
    heights = np.round(np.sqrt(pixels / aspect)).astype(int)
    widths = np.round(np.sqrt(pixels * aspect)).astype(int)
    fits = (heights <= height) & (widths <= width)
    if not fits.any():
        return 0, 0, height, width
    first = np.argmax(fits)
    rows, columns = int(heights[first]), int(widths[first])
    top = int(top[first] * np.float32(height - rows + 1))
    left = int(left[first] * np.float32(width - columns + 1))
    return top, left, rows, columns


def _between(limits, share):
    low, high = limits
    return np.float32(low) + np.float32(high - low) * share


def centre_window(height: int, width: int) -> tuple[int, int, int, int]:
    """As `ann.data.windows.centre_window`."""
    side = int(np.round(np.float32(CENTRE) * min(height, width)))
    return (height - side) // 2, (width - side) // 2, side, side


def resized(image: np.ndarray, size: int) -> np.ndarray:
    """Resizes uint8 `(height, width, channels)` to a square, bilinear, as `tf.image.resize`."""
    (top, bottom, down), (left, right, along) = (_taps(length, size) for length in image.shape[:2])
    along, down = along[None, :, None], down[:, None, None]
    upper, lower = (image[rows].astype(np.float32) for rows in (top, bottom))
    upper = upper[:, left] + (upper[:, right] - upper[:, left]) * along
    lower = lower[:, left] + (lower[:, right] - lower[:, left]) * along
    return upper + (lower - upper) * down


def _taps(length, size):
    """Of each new pixel, the two old ones that it lies between, and how far from the first."""
    scale = np.float32(length) / np.float32(size)
    places = (np.arange(size, dtype=np.float32) + np.float32(0.5)) * scale - np.float32(0.5)
    before = np.floor(places)
    first = np.maximum(before, 0).astype(int)
    second = np.minimum(np.ceil(places), length - 1).astype(int)
    return first, second, places - before
