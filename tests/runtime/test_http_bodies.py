"""Bodies become images, or are refused."""

import io
import json
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from ann.runtime.service.bodies import BodyError, batch_formats, formats
from ann.runtime.service.pictures import MAX_PIXELS, is_large

JSON, RAW = "application/json", "application/octet-stream"


def decoders(shape, dtype, largest=255):
    """Content type -> function from a body to an image."""
    return {name: x.decode for name, x in formats(shape, dtype, largest).items()}


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
        (
            "float32",
            JSON,
            b"[[1, 2], [3]]",
            r"shape \(1, 2\). Received: .*of length >= 2 - at `\$\[1\]`",
        ),
        ("float32", JSON, b"[[1]]", "Received: Expected `array` of length >= 2"),
        ("float32", JSON, b"[[[1, 2]]]", "Received: Expected `float`, got `array`"),
        ("float32", JSON, b'{"image": [[1, 2]]}', "Received: Expected `array`, got `object`"),
        ("float32", JSON, b'[[1, "2"]]', r"Expected `float`, got `str` - at `\$\[0\]\[1\]`"),
        ("float32", JSON, b"[[1, null]]", "Expected `float`, got `null`"),
        ("float32", JSON, b"[[1, true]]", "Expected `float`, got `bool`"),
        ("float32", JSON, b"[[1, NaN]]", "must be JSON"),
        ("float32", JSON, b"[[1, 1e39]]", "finite in float32"),
        ("float32", JSON, b"[[1, 1" + b"0" * 400 + b"]]", "out of range"),
        ("uint8", JSON, b"[[1, 256]]", "whole numbers from 0 to 255"),
        ("uint8", JSON, b"[[1, -1]]", "whole numbers from 0 to 255"),
        ("uint8", JSON, b"[[1, 0.5]]", "whole numbers from 0 to 255"),
        ("uint8", JSON, b"[[1, Infinity]]", "must be JSON"),
        ("int32", JSON, b"[[1, 3000000000]]", "whole numbers from -2147483648 to 2147483647"),
        ("float32", RAW, b"1234567", "must be 8 bytes: float32 .* Received: 7 bytes"),
        ("float32", RAW, np.array([1, np.nan], "<f4").tobytes(), "finite in float32"),
        ("uint8", RAW, b"", "must be 2 bytes"),
    ],
)
def test_numbers_of_another_kind_are_refused(dtype, kind, body, message):
    with pytest.raises(BodyError, match=message):
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
    with pytest.raises(BodyError, match=f"at most {MAX_PIXELS} pixels") as refused:
        decoders((8, 8, 1), "uint8")[kind](body)
    assert "object at 0x" not in str(refused.value)


@pytest.mark.parametrize(
    ("mode", "value", "expected"),
    [
        ("RGBA", (255, 0, 0, 255), [255, 0, 0]),
        ("RGBA", (255, 0, 0, 0), [255, 255, 255]),  # transparent: white
        ("RGBA", (0, 0, 0, 51), [204, 204, 204]),
        ("LA", (0, 51), [204, 204, 204]),
        ("I;16", 257 * 7, [7, 7, 7]),  # 16 bits
        ("1", 1, [255, 255, 255]),
        ("P", 0, [0, 0, 0]),
    ],
)
def test_transparency_and_16_bits_are_seen_as_a_browser_shows_them(mode, value, expected):
    file = io.BytesIO()
    Image.new(mode, (8, 8), value).save(file, "PNG")
    image = decoders((4, 4, 3), "uint8")["image/png"](file.getvalue())
    np.testing.assert_array_equal(image, np.broadcast_to(expected, (4, 4, 3)))


def test_webp_and_an_unregistered_name_of_jpeg_are_taken():
    pixels = np.full((8, 8, 3), 100, np.uint8)
    decode = decoders((8, 8, 3), "uint8")
    np.testing.assert_allclose(decode["image/webp"](picture(pixels, "WEBP")), pixels, atol=2)
    np.testing.assert_allclose(decode["image/jpg"](picture(pixels, "JPEG")), pixels, atol=2)


def test_cmyk_and_animations_are_refused():
    decode = decoders((4, 4, 3), "uint8")
    file = io.BytesIO()
    Image.new("CMYK", (8, 8)).save(file, "JPEG")
    with pytest.raises(BodyError, match="RGB or gray.*Received: mode CMYK"):
        decode["image/jpeg"](file.getvalue())
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    file = io.BytesIO()
    frames[0].save(file, "PNG", save_all=True, append_images=frames[1:])
    with pytest.raises(BodyError, match="single frame"):
        decode["image/png"](file.getvalue())


def test_pictures_are_scaled_to_the_values_that_the_network_was_trained_on():
    pixels = np.array([[0, 255], [128, 16]], np.uint8)
    image = decoders((2, 2, 1), "uint8", largest=16)["image/png"](picture(pixels, "PNG"))
    np.testing.assert_array_equal(image[..., 0], [[0, 16], [8, 1]])


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_the_longest_json_of_an_image_is_within_the_limit(dtype):
    image = np.full((32, 32, 3), 255 if dtype == "uint8" else -1.2345678901234567e-100)
    limit = formats((32, 32, 3), dtype)[JSON].max_bytes
    assert len(json.dumps(image.tolist(), indent=4).encode()) <= limit
    assert limit < 50 * image.size


def test_a_batch_is_a_list_of_images(random):
    images = random.integers(0, 256, (3, 4, 4, 1), np.uint8)
    taken = batch_formats((4, 4, 1), "uint8", max_images=3)
    for body, name in ((json.dumps(images.tolist()).encode(), JSON), (images.tobytes(), RAW)):
        np.testing.assert_array_equal(taken[name].decode(body), images)
        assert len(body) <= taken[name].max_bytes
    for body in (b"[]", json.dumps(images.tolist() + images.tolist()).encode()):
        with pytest.raises(BodyError, match="a list of 1 to 3 images"):
            taken[JSON].decode(body)
    for body in (b"", images.tobytes()[:-1]):
        with pytest.raises(BodyError, match="images of 16 bytes each"):
            taken[RAW].decode(body)


def test_a_large_picture_is_known_by_its_header():
    assert is_large("PNG", png_that_claims(2048, 1024))
    assert not is_large("PNG", png_that_claims(1024, 1024))
    assert not is_large("PNG", b"no picture")
