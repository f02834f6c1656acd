"""Numbers of sensors become millimetres and shares of full scale, against naive loops."""

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import PIL.Image
import pytest

from unmask.capture.frames import (
    clip_to_face,
    face_distance,
    mad_range,
    read_depth,
    read_intensity,
    spread,
)
from unmask.capture.images import read_image
from unmask.config import DepthConfig, IntensityConfig
from unmask.errors import DatasetError
from unmask.types import Modality


def saved(path: Path, numbers: npt.NDArray[Any]) -> Path:
    if path.suffix == ".npy":
        np.save(path, numbers)
    else:
        PIL.Image.fromarray(numbers).save(path)
    return path


def refusal(path: Path, settings: DepthConfig | IntensityConfig) -> str:
    with pytest.raises(DatasetError) as caught:
        if isinstance(settings, DepthConfig):
            read_depth(path, settings)
        else:
            read_intensity(path, settings)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


STEPS = np.array([[0, 1, 2000], [2400, 4000, 65535]], np.uint16)


@pytest.mark.parametrize(
    ("settings", "step"),
    [(DepthConfig(), 1.0), (DepthConfig(unit="z16", scale_mm=0.25), 0.25)],
)
def test_sixteen_bit_depth_is_steps_of_a_scale(
    settings: DepthConfig, step: float, tmp_path: Path
) -> None:
    depth = read_depth(saved(tmp_path / "d.png", STEPS), settings)
    assert depth.dtype == np.float32
    for row in range(2):
        for column in range(3):
            assert depth[row, column] == STEPS[row, column] * step


@pytest.mark.parametrize("suffix", [".tiff", ".npy"])
def test_what_is_no_distance_is_a_hole(suffix: str, tmp_path: Path) -> None:
    metres = np.array([[0.5, np.nan, np.inf], [-np.inf, -0.4, 0.0], [0.6, 100.0, 0.7]], np.float32)
    depth = read_depth(saved(tmp_path / f"d{suffix}", metres), DepthConfig(unit="metres"))
    np.testing.assert_allclose(depth, [[500, 0, 0], [0, 0, 0], [600, 0, 700]])


def test_nothing_but_nan_is_a_frame_of_holes(tmp_path: Path) -> None:
    nothing = np.full((4, 5), np.nan, np.float32)
    assert not read_depth(saved(tmp_path / "d.npy", nothing), DepthConfig(unit="metres")).any()


@pytest.mark.parametrize(("first", "last"), [(300.0, 1000.0), (1200.0, 400.0)])
def test_grey_levels_lie_evenly_between_their_two_distances(
    first: float, last: float, tmp_path: Path
) -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    settings = DepthConfig(unit="grey", grey_mm=(first, last))
    depth = read_depth(saved(tmp_path / "d.png", levels), settings).ravel()
    assert depth[0] == 0
    for level in range(1, 256):
        assert depth[level] == pytest.approx(first + (level - 1) / 254 * (last - first), abs=1e-3)


def test_relative_levels_stay(tmp_path: Path) -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    path = saved(tmp_path / "d.png", levels)
    np.testing.assert_array_equal(read_depth(path, DepthConfig(unit="relative")), levels)


def test_a_wrong_unit_is_told_and_not_guessed(tmp_path: Path) -> None:
    metres = saved(tmp_path / "m.npy", np.full((3, 3), 0.6, np.float32))
    assert "middle distance of 0.6 mm" in refusal(metres, DepthConfig())
    far = saved(tmp_path / "f.npy", np.full((3, 3), 600.0, np.float32))
    assert "middle distance of 6e+05 mm" in refusal(far, DepthConfig(unit="metres"))
    grey = saved(tmp_path / "g.png", np.full((3, 3), 90, np.uint8))
    assert "8-bit depth is grey" in refusal(grey, DepthConfig())
    steps = saved(tmp_path / "s.png", STEPS)
    assert "uint16" in refusal(steps, DepthConfig(unit="relative"))


@pytest.mark.parametrize(
    ("kind", "bits", "full"),
    [(np.uint8, 0, 255), (np.uint16, 0, 65535), (np.uint16, 10, 1023), (np.uint16, 16, 65535)],
)
def test_intensity_is_a_share_of_the_bits_that_are_filled(
    kind: type[np.generic], bits: int, full: int, tmp_path: Path
) -> None:
    numbers = np.linspace(0, full, 30).round().astype(kind).reshape(5, 6)
    path = saved(tmp_path / "i.png", numbers)
    share, step = read_intensity(path, IntensityConfig(bits=bits))
    np.testing.assert_allclose(share, numbers / full, atol=1e-7)
    assert step == 1 / full


def test_more_bits_than_declared_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "i.png", np.full((3, 3), 1024, np.uint16))
    assert "10 bits reach to 1023" in refusal(path, IntensityConfig(bits=10))


def test_fractions_are_a_share_already(tmp_path: Path) -> None:
    values = np.array([[0.25, 1.0], [0.0, np.nan]], np.float32)
    share, _ = read_intensity(saved(tmp_path / "i.npy", values), IntensityConfig())
    np.testing.assert_array_equal(share, [[0.25, 1], [0, 0]])
    kelvin = saved(tmp_path / "k.npy", np.full((3, 3), 310.0, np.float32))
    assert "fractions from 0 to 1" in refusal(kelvin, IntensityConfig())


@pytest.mark.parametrize("full", [255, 1023])
def test_mad_normalisation_agrees_with_a_naive_loop(full: int) -> None:
    rng = np.random.default_rng(full)
    raw = rng.normal(0.4 * full, 0.1 * full, (24, 24)).clip(0, full).round()
    raw[:3] = 0  # a dead field
    raw[3:8] = 1
    share = (raw / full).astype(np.float32)
    found = mad_range(share, 1 / full)
    assert found is not None
    levels = spread(share, *found)

    face = sorted(value for value in raw.ravel() if value > 1)
    median = np.median(face)
    deviation = np.median([abs(value - median) for value in face])
    for row in range(24):
        for column in range(24):
            level = (raw[row, column] - median + 3 * deviation) / (6 * deviation) * 255
            assert abs(int(levels[row, column]) - min(max(int(level), 0), 255)) <= (
                1 if abs(level - round(level)) < 1e-3 else 0
            )


def test_mad_does_not_depend_on_gain_or_offset() -> None:
    share = np.random.default_rng(2).uniform(0.2, 0.4, (32, 32)).astype(np.float32)
    brighter = 1.7 * share + np.float32(0.1)
    levels = [spread(face, *(mad_range(face, 1 / 255) or (0, 1))) for face in (share, brighter)]
    assert np.abs(levels[0].astype(int) - levels[1]).max() <= 1


def test_a_flat_or_dead_face_has_no_mad() -> None:
    assert mad_range(np.full((8, 8), 0.3, np.float32), 1 / 255) is None
    assert mad_range(np.zeros((8, 8), np.float32), 1 / 255) is None


def test_depth_is_clipped_around_the_middle_of_the_face() -> None:
    depth = np.full((8, 8), 600, np.float32)
    depth[0], depth[1], depth[7, 0] = 2000, 100, 0
    assert face_distance(depth) == 600
    clipped = clip_to_face(depth, 150)
    assert (clipped[0] == 750).all()
    assert (clipped[1] == 450).all()
    assert clipped[7, 0] == 0
    assert (clipped[2:7] == 600).all()
    nothing = np.zeros((8, 8), np.float32)
    np.testing.assert_array_equal(clip_to_face(nothing, 150), nothing)


def bomb(path: Path, width: int, height: int) -> Path:
    """A PNG of a few hundred bytes that declares a huge picture."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes(100_000))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )
    return path


@pytest.mark.parametrize("size", [(12_000, 12_000), (60_000, 60_000)])
def test_a_picture_that_declares_too_many_pixels_is_refused_by_its_header(
    size: tuple[int, int], tmp_path: Path
) -> None:
    path = bomb(tmp_path / "b.png", *size)
    for modality in (Modality.RGB, Modality.INFRARED):
        with pytest.raises(DatasetError, match="declares a picture of more than"):
            read_image(path, modality)
    assert "it was not decoded" in refusal(path, IntensityConfig())


def test_an_array_is_refused_by_its_header_too(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    with path.open("wb") as file:  # a header without the numbers
        np.lib.format.write_array_header_1_0(
            file, {"descr": "<f4", "fortran_order": False, "shape": (100_000, 100_000)}
        )
    assert "cannot read" in refusal(path, DepthConfig())
    stack = saved(tmp_path / "s.npy", np.zeros((3, 4, 5), np.float32))
    assert "shape (3, 4, 5)" in refusal(stack, DepthConfig())
    objects = tmp_path / "o.npy"
    np.save(objects, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert "cannot read" in refusal(objects, IntensityConfig())


def test_colour_is_no_depth(tmp_path: Path) -> None:
    colour = np.random.default_rng(0).integers(0, 255, (6, 6, 3)).astype(np.uint8)
    assert "one channel" in refusal(saved(tmp_path / "c.png", colour), DepthConfig())
