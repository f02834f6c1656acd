"""Arrays become what image files become, in the same units, or are refused in one line."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from unmask.capture.images import read_image
from unmask.errors import DatasetError
from unmask.types import Modality

RNG = np.random.default_rng(3)
GREY = RNG.integers(0, 256, (6, 5), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (3, 6, 5), dtype=np.uint8)
DEEP = RNG.integers(0, 65536, (6, 5), dtype=np.uint16)


def saved(folder: Path, array: npt.NDArray[np.generic]) -> Path:
    np.savez(folder / "a.npz", data=array)
    return folder / "a.npz#data"


def fractions(array: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    return (array / 255).astype(np.float32)


@pytest.mark.parametrize("modality", [Modality.INFRARED, Modality.THERMAL])
@pytest.mark.parametrize("array", [GREY, DEEP])
def test_intensity_is_that_of_the_same_pixels_in_a_file(
    tmp_path: Path, modality: Modality, array: npt.NDArray[np.generic]
) -> None:
    Image.fromarray(array).save(tmp_path / "a.png")
    from_file = read_image(tmp_path / "a.png", modality)
    got = read_image(saved(tmp_path, array), modality)
    assert got.dtype == np.float32
    assert np.array_equal(got, from_file)


def test_fractions_of_intensity_keep_all_their_digits(tmp_path: Path) -> None:
    array = RNG.random((6, 5)).astype(np.float32)
    assert np.array_equal(read_image(saved(tmp_path, array), Modality.INFRARED), array)


@pytest.mark.parametrize("array", [COLOUR, fractions(COLOUR)])
def test_colour_is_that_of_the_same_pixels_in_a_file(
    tmp_path: Path, array: npt.NDArray[np.generic]
) -> None:
    Image.fromarray(COLOUR.transpose(1, 2, 0)).save(tmp_path / "a.png")
    got = read_image(saved(tmp_path, array), Modality.RGB)
    assert got.dtype == np.uint8
    assert np.array_equal(got, read_image(tmp_path / "a.png", Modality.RGB))


def test_colour_that_was_stored_blue_first_is_turned_by_its_address(tmp_path: Path) -> None:
    address = saved(tmp_path, COLOUR[::-1])
    got = read_image(Path(f"{address}[2+1+0]"), Modality.RGB)
    assert np.array_equal(got, COLOUR.transpose(1, 2, 0))


def test_millimetres_are_16_bit_and_levels_8_bit_or_fractions(tmp_path: Path) -> None:
    deep = read_image(saved(tmp_path, DEEP), Modality.DEPTH)
    assert deep.dtype == np.float32
    assert np.array_equal(deep, DEEP)
    for array in (GREY, fractions(GREY)):
        levels = read_image(saved(tmp_path, array), Modality.DEPTH, depth="relative")
        assert np.allclose(levels, GREY, atol=1e-4)


@pytest.mark.parametrize(
    ("modality", "array", "told"),
    [
        (Modality.RGB, COLOUR.transpose(1, 2, 0), "an array of 6 x 5 x 3, uint8; .* colour"),
        (Modality.RGB, GREY, "colour"),
        (Modality.RGB, DEEP[None].repeat(3, 0), "8-bit levels or fractions"),
        (Modality.INFRARED, COLOUR, "else \\(H, W\\)"),
        (Modality.INFRARED, np.zeros((0, 5), np.uint8), "with pixels"),
        (Modality.INFRARED, GREY.astype(np.float32), "values from .* to .*; fractions are from 0"),
        (Modality.INFRARED, np.full((2, 2), np.nan), "values from nan to nan"),
        (Modality.INFRARED, GREY.astype(np.int64), "8-bit levels or fractions"),
        (Modality.DEPTH, GREY, "set data.depth=relative"),
        (Modality.DEPTH, np.full((2, 2), np.nan), "set data.depth=relative"),
        (Modality.DEPTH, np.float32(3), "one number"),
    ],
)
def test_what_a_modality_is_not_stored_as_is_told(
    tmp_path: Path, modality: Modality, array: npt.NDArray[np.generic], told: str
) -> None:
    address = saved(tmp_path, array)
    with pytest.raises(DatasetError, match=told) as caught:
        read_image(address, modality)
    assert str(address) in str(caught.value)


def test_nan_in_relative_depth_is_refused(tmp_path: Path) -> None:
    array = fractions(GREY).copy()
    array[2, 2] = np.nan
    with pytest.raises(DatasetError, match="fractions are from 0 to 1"):
        read_image(saved(tmp_path, array), Modality.DEPTH, depth="relative")
