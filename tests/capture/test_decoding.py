"""What OpenCV decodes is what Pillow gives; what is not usual, or not whole, is left to Pillow."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from unmask.capture.decoding import decode_usual, in_unit
from unmask.capture.images import MOST_PIXELS, decode, read_image
from unmask.errors import DatasetError
from unmask.types import Modality

RNG = np.random.default_rng(0)


def smooth(*shape: int, top: int = 255) -> np.ndarray:
    """A picture as soft as a photograph."""
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]] / 40
    waves = np.stack([np.sin(rows + c) * np.cos(columns - c) for c in range(3)], axis=-1)
    picture = (waves + 1) / 2 * top * 0.9 + RNG.uniform(0, 0.1 * top, waves.shape)
    return picture.astype(np.uint8 if top == 255 else np.uint16)


def usual(path: Path) -> np.ndarray | None:
    return decode_usual(path, most_pixels=MOST_PIXELS)


@pytest.mark.parametrize("size", [(1, 1), (7, 13), (120, 97)])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"quality": 40},
        {"quality": 100, "subsampling": 0},
        {"quality": 90, "progressive": True},
        {"quality": 90, "subsampling": "4:2:2"},
    ],
)
def test_a_jpeg_has_the_pixels_that_pillow_gives(
    size: tuple[int, int], options: dict[str, object], tmp_path: Path
) -> None:
    for name, picture in (("c", smooth(*size)), ("g", smooth(*size)[..., 0])):
        path = tmp_path / f"{name}.jpg"
        PIL.Image.fromarray(picture).save(path, **options)
        np.testing.assert_array_equal(usual(path), np.asarray(decode(path)))


@pytest.mark.parametrize("size", [(1, 1), (7, 13), (60, 41)])
def test_a_png_has_the_pixels_that_were_written(size: tuple[int, int], tmp_path: Path) -> None:
    for picture in (smooth(*size), smooth(*size)[..., 0], smooth(*size, top=60000)[..., 0]):
        path = tmp_path / "a.png"
        PIL.Image.fromarray(picture).save(path)
        found = usual(path)
        assert found.dtype == picture.dtype
        np.testing.assert_array_equal(found, picture)


def with_alpha(path: Path) -> None:
    PIL.Image.fromarray(RNG.integers(0, 256, (8, 8, 4), dtype=np.uint8)).save(path)


def with_palette(path: Path) -> None:
    PIL.Image.fromarray(smooth(8, 8)).quantize(16).save(path)


def black_and_white(path: Path) -> None:
    PIL.Image.fromarray(smooth(8, 8)[..., 0] > 99).save(path)


def turned(path: Path) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    PIL.Image.fromarray(smooth(8, 12)).save(path, exif=exif)


def four_inks(path: Path) -> None:
    PIL.Image.fromarray(smooth(8, 8)).convert("CMYK").save(path)


@pytest.mark.parametrize(
    ("write", "suffix"),
    [
        (with_alpha, "png"),
        (with_palette, "png"),
        (black_and_white, "png"),
        (turned, "png"),
        (turned, "jpg"),
        (four_inks, "jpg"),
        (lambda path: path.write_text("no picture"), "png"),
        (lambda path: path.write_bytes(b""), "jpg"),
        (lambda path: path.mkdir(), "png"),
    ],
)
def test_what_is_not_usual_is_left_to_pillow(write, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    write(path)
    assert usual(path) is None
    assert usual(tmp_path / "none.png") is None


def test_a_picture_that_is_too_large_is_not_decoded(tmp_path: Path) -> None:
    for suffix in ("png", "jpg"):
        path = tmp_path / f"a.{suffix}"
        PIL.Image.fromarray(smooth(40, 50)).save(path)
        assert decode_usual(path, most_pixels=2000) is not None
        assert decode_usual(path, most_pixels=1999) is None


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_damaged_file_is_refused_or_read_as_pillow_reads_it(suffix: str, tmp_path: Path) -> None:
    whole = tmp_path / f"whole.{suffix}"
    PIL.Image.fromarray(smooth(24, 24)).save(whole)
    content = whole.read_bytes()
    path = tmp_path / f"a.{suffix}"
    for place in range(0, len(content), 7):
        for damaged in (
            content[:place],
            content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :],
        ):
            path.write_bytes(damaged)
            try:
                expected = np.asarray(decode(path).convert("RGB"))
            except DatasetError:
                expected = None
            try:
                found = read_image(path, Modality.RGB)
            except DatasetError:
                continue
            assert expected is not None, f"Pillow refuses what is read ({place})"
            np.testing.assert_array_equal(found, expected)


def test_any_unit_is_that_of_the_slow_way(tmp_path: Path) -> None:
    grey, deep = smooth(9, 8)[..., 0], smooth(9, 8, top=60000)[..., 0]
    three = np.repeat(grey[..., None], 3, axis=-1)
    for pixels in (grey, three):
        for relative in (True, False):
            infrared = in_unit(pixels, Modality.INFRARED, relative=relative)
            np.testing.assert_array_equal(infrared, grey.astype(np.float32) / np.float32(255))
        levels = in_unit(pixels, Modality.DEPTH, relative=True)
        np.testing.assert_array_equal(levels, grey.astype(np.float32))
        np.testing.assert_array_equal(in_unit(pixels, Modality.RGB, relative=True), three)
        assert in_unit(pixels, Modality.DEPTH, relative=False) is None
    np.testing.assert_array_equal(in_unit(deep, Modality.DEPTH, relative=False), deep)
    share = in_unit(deep, Modality.THERMAL, relative=True)
    np.testing.assert_array_equal(share, deep.astype(np.float32) / np.float32(65535))
    assert in_unit(deep, Modality.DEPTH, relative=True) is None
    assert in_unit(deep, Modality.RGB, relative=False) is None
    assert in_unit(smooth(9, 8), Modality.INFRARED, relative=False) is None
