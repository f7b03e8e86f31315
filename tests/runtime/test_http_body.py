"""Bodies become images, or are refused."""

import io
import json
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from ann.runtime.http_body import MAX_PIXELS, decoders

JSON, RAW = "application/json", "application/octet-stream"


def picture(pixels, format, **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format, **options)
    return file.getvalue()


def png_that_claims(width, height):
    """A PNG of one grey pixel whose header says otherwise."""
    png = picture(np.zeros((1, 1), np.uint8), "PNG")
    header = b"IHDR" + struct.pack(">II", width, height) + png[24:29]
    return png[:12] + header + struct.pack(">I", zlib.crc32(header)) + png[33:]


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_json_and_raw_bytes_hold_the_same_image(dtype, random):
    image = (random.random((2, 3, 3)) * 255).astype(dtype)
    decode = decoders((2, 3, 3), dtype)
    for decoded in (
        decode[JSON](json.dumps(image.tolist()).encode()),
        decode[RAW](image.tobytes()),
    ):
        assert decoded.dtype == dtype
        np.testing.assert_array_equal(decoded, image)


@pytest.mark.parametrize(
    ("dtype", "kind", "body", "message"),
    [
        ("float32", JSON, b"[[1, 2", r"must be JSON: nested lists of shape \(1, 2\)"),
        ("float32", JSON, b"\xff\xfe\x00", "must be JSON"),
        ("float32", JSON, b"[" * 100_000, "must be JSON"),
        ("float32", JSON, b"[[1, 2], [3]]", r"Received: lists of shape \(2,\)"),
        ("float32", JSON, b"[[[1, 2]]]", r"Received: lists of shape \(1, 1, 2\)"),
        ("float32", JSON, b'{"image": [[1, 2]]}', r"Received: lists of shape \(\)"),
        ("float32", JSON, b'[[1, "2"]]', "numbers only"),
        ("float32", JSON, b"[[1, null]]", "numbers only"),
        ("float32", JSON, b"[[1, true]]", "numbers only"),
        ("float32", JSON, b"[[1, NaN]]", "finite in float32"),
        ("float32", JSON, b"[[1, 1e39]]", "finite in float32"),
        ("float32", JSON, b"[[1, 1" + b"0" * 400 + b"]]", "must be finite"),
        ("uint8", JSON, b"[[1, 256]]", "whole numbers from 0 to 255"),
        ("uint8", JSON, b"[[1, -1]]", "whole numbers from 0 to 255"),
        ("uint8", JSON, b"[[1, 0.5]]", "whole numbers from 0 to 255"),
        ("uint8", JSON, b"[[1, Infinity]]", "whole numbers from 0 to 255"),
        ("float32", RAW, b"1234567", "must be 8 bytes: float32 .* Received: 7 bytes"),
        ("float32", RAW, np.array([1, np.nan], "<f4").tobytes(), "finite in float32"),
        ("uint8", RAW, b"", "must be 2 bytes"),
    ],
)
def test_numbers_of_another_kind_are_refused(dtype, kind, body, message):
    with pytest.raises(ValueError, match=message):
        decoders((1, 2), dtype)[kind](body)


def test_a_picture_of_the_inputs_size_arrives_pixel_for_pixel(random):
    pixels = random.integers(0, 256, (8, 6, 3), np.uint8)
    np.testing.assert_array_equal(
        decoders((8, 6, 3), "uint8")["image/png"](picture(pixels, "PNG")), pixels
    )
    grey = random.integers(0, 256, (8, 6), np.uint8)
    np.testing.assert_array_equal(
        decoders((8, 6, 1), "uint8")["image/png"](picture(grey, "PNG")), grey[..., np.newaxis]
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_middle_of_a_larger_picture_is_taken(kind):
    pixels = np.zeros(
        (64, 256, 3), np.uint8
    )  # black, but for the middle square, which is red above green
    pixels[:32, 96:160, 0] = 255
    pixels[32:, 96:160, 1] = 255
    image = decoders((8, 8, 3), "uint8")[f"image/{kind.lower()}"](picture(pixels, kind))
    assert image.shape == (8, 8, 3)
    np.testing.assert_allclose(
        image[1, 1:7], [[255, 0, 0]] * 6, atol=32
    )  # JPEG keeps colours at half resolution
    np.testing.assert_allclose(image[6, 1:7], [[0, 255, 0]] * 6, atol=32)


def test_a_photo_is_turned_upright():
    pixels = np.zeros((8, 16), np.uint8)
    pixels[:, 8:] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # Exif orientation: to be turned by 90 degrees clockwise
    image = decoders((16, 8, 1), "uint8")["image/jpeg"](picture(pixels, "JPEG", exif=exif))
    assert image[:7].max() < 16
    assert image[9:].min() > 240


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("image/jpeg", b"not a picture"),
        ("image/jpeg", b""),
        ("image/jpeg", picture(np.zeros((8, 8), np.uint8), "PNG")),  # the header says JPEG
        ("image/png", picture(np.full((64, 64), 7, np.uint8), "PNG")[:-40]),  # cut short
        ("image/png", png_that_claims(50_000, 50_000)),  # beyond what Pillow opens
        ("image/png", png_that_claims(MAX_PIXELS // 1024 + 1, 1024)),
    ],
)
def test_what_is_no_picture_or_too_large_is_refused(kind, body):
    with pytest.raises(ValueError, match=f"at most {MAX_PIXELS} pixels"):
        decoders((8, 8, 1), "uint8")[kind](body)
