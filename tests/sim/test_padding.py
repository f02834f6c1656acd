"""A padded file has the length it was asked for and shows the same picture."""

import cv2
import numpy as np
import pytest
from PIL import Image

from unmask.sim.padding import padded


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize("missing", [0, 1, 3, 4, 11, 12, 13, 65_534, 65_535, 65_536, 200_001])
def test_pixels_stay_and_the_length_is_a_multiple(suffix: str, missing: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (40, 40), dtype=np.uint8)
    coded = cv2.imencode(suffix, pixels)[1].tobytes()
    block = len(coded) + missing
    filled = padded(coded, block)
    assert len(filled) % block == 0
    assert len(filled) <= 2 * block
    before, after = (cv2.imdecode(np.frombuffer(c, np.uint8), -1) for c in (coded, filled))
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_a_stricter_reader_accepts_it(suffix: str, tmp_path) -> None:
    pixels = np.random.default_rng(0).integers(0, 65535, (40, 40), dtype=np.uint16)
    coded = cv2.imencode(f".{suffix}", pixels if suffix == "png" else pixels.astype(np.uint8))[1]
    path = tmp_path / f"x.{suffix}"
    path.write_bytes(padded(coded.tobytes(), 100_000))
    with Image.open(path) as image:
        image.verify()
    if suffix == "png":
        np.testing.assert_array_equal(np.asarray(Image.open(path)), pixels)
