"""Every file is decoded in the unit of its modality, or refused in one line that names it."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import PIL.Image
import pytest

from unmask.capture.images import read_image
from unmask.errors import DatasetError
from unmask.types import Modality

SINGLE = [Modality.INFRARED, Modality.THERMAL]


def saved(path: Path, pixels: npt.NDArray[np.generic], **options: object) -> Path:
    PIL.Image.fromarray(pixels).save(path, **options)
    return path


def ramp(*shape: int, top: int, dtype: type[np.generic]) -> npt.NDArray[np.generic]:
    return np.linspace(0, top, int(np.prod(shape))).round().astype(dtype).reshape(shape)


def refusal(path: Path, modality: Modality, **options: object) -> str:
    with pytest.raises(DatasetError) as caught:
        read_image(path, modality, **options)  # type: ignore[arg-type]
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def test_colour_is_read_as_three_channels_of_bytes(tmp_path: Path) -> None:
    pixels = ramp(6, 5, 3, top=255, dtype=np.uint8)
    image = read_image(saved(tmp_path / "a.png", pixels), Modality.RGB)
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, pixels)


def test_alpha_is_dropped_and_grey_is_repeated(tmp_path: Path) -> None:
    pixels = ramp(6, 5, 4, top=255, dtype=np.uint8)
    image = read_image(saved(tmp_path / "a.png", pixels), Modality.RGB)
    np.testing.assert_array_equal(image, pixels[..., :3])
    grey = ramp(6, 5, top=255, dtype=np.uint8)
    image = read_image(saved(tmp_path / "g.png", grey), Modality.RGB)
    np.testing.assert_array_equal(image, np.repeat(grey[..., None], 3, axis=-1))


def test_the_orientation_that_a_camera_noted_is_applied(tmp_path: Path) -> None:
    pixels = np.zeros((8, 16, 3), np.uint8)
    pixels[:, :8] = 255  # the left half is white
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    path = saved(tmp_path / "a.jpg", pixels, exif=exif, quality=95)
    image = read_image(path, Modality.RGB)
    assert image.shape == (16, 8, 3)
    assert image[:7].min() > 200, "what was left is now on top"
    assert image[9:].max() < 50


def test_depth_is_millimetres_with_all_sixteen_bits(tmp_path: Path) -> None:
    pixels = ramp(7, 9, top=65535, dtype=np.uint16)
    image = read_image(saved(tmp_path / "d.png", pixels), Modality.DEPTH)
    assert image.dtype == np.float32
    np.testing.assert_array_equal(image, pixels)


def test_relative_depth_keeps_its_grey_levels(tmp_path: Path) -> None:
    pixels = ramp(7, 9, top=255, dtype=np.uint8)
    path = saved(tmp_path / "d.png", pixels)
    image = read_image(path, Modality.DEPTH, depth="relative")
    assert image.dtype == np.float32
    np.testing.assert_array_equal(image, pixels)


@pytest.mark.parametrize("modality", SINGLE)
@pytest.mark.parametrize(("dtype", "full"), [(np.uint8, 255), (np.uint16, 65535)])
def test_intensity_is_a_share_of_full_scale(
    modality: Modality, dtype: type[np.generic], full: int, tmp_path: Path
) -> None:
    pixels = ramp(7, 9, top=full, dtype=dtype)
    image = read_image(saved(tmp_path / "i.png", pixels), modality)
    assert image.dtype == np.float32
    np.testing.assert_allclose(image, pixels / full, atol=1e-7)


def test_infrared_with_three_equal_channels_is_one_channel(tmp_path: Path) -> None:
    grey = ramp(7, 9, top=255, dtype=np.uint8)
    path = saved(tmp_path / "i.png", np.repeat(grey[..., None], 3, axis=-1))
    np.testing.assert_allclose(read_image(path, Modality.INFRARED), grey / 255, atol=1e-7)


def test_coloured_infrared_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "i.png", ramp(7, 9, 3, top=255, dtype=np.uint8))
    assert "three equal ones" in refusal(path, Modality.INFRARED)
    assert "8-bit grey" in refusal(path, Modality.DEPTH, depth="relative")


def test_eight_bit_depth_says_which_setting_reads_it(tmp_path: Path) -> None:
    path = saved(tmp_path / "d.png", ramp(7, 9, top=255, dtype=np.uint8))
    assert "data.depth=relative" in refusal(path, Modality.DEPTH)


def test_sixteen_bit_depth_says_which_setting_reads_it(tmp_path: Path) -> None:
    path = saved(tmp_path / "d.png", ramp(7, 9, top=9000, dtype=np.uint16))
    assert "data.depth=millimetres" in refusal(path, Modality.DEPTH, depth="relative")


def test_sixteen_bit_grey_is_no_photograph(tmp_path: Path) -> None:
    path = saved(tmp_path / "d.png", ramp(7, 9, top=9000, dtype=np.uint16))
    assert "16-bit grey" in refusal(path, Modality.RGB)


@pytest.mark.parametrize("modality", list(Modality))
def test_one_bit_is_refused_for_every_modality(modality: Modality, tmp_path: Path) -> None:
    path = saved(tmp_path / "b.png", np.eye(9, dtype=np.bool_))
    assert "1-bit" in refusal(path, modality)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "no image" in refusal(tmp_path / "gone.png", Modality.RGB)


def test_a_folder_is_no_image(tmp_path: Path) -> None:
    assert "cannot read" in refusal(tmp_path, Modality.RGB)


@pytest.mark.parametrize(
    "content", [b"", b"this is a letter, not a picture\n", b"\x89PNG\r\n\x1a\n"]
)
def test_something_else_named_png_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "letter.png"
    path.write_bytes(content)
    assert "is not an image" in refusal(path, Modality.RGB)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_a_truncated_file_is_refused(suffix: str, kept: float, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    path = saved(tmp_path / f"a{suffix}", noise)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    assert "cannot read" in refusal(path, Modality.RGB)


def test_a_png_with_a_flipped_byte_is_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 60000, (64, 64)).astype(np.uint16)
    path = saved(tmp_path / "d.png", noise)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    assert "cannot read" in refusal(path, Modality.DEPTH)
