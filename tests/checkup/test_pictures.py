"""Faults that only pictures show: each is seeded into a clean tree by changing pixels alone."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from unmask.checkup.duplicates import NEAR, hash_words, pairs
from unmask.checkup.findings import Finding, Severity
from unmask.checkup.measure import perceptual_hash


def only(found: list[Finding], words: str) -> Finding:
    """The one finding whose sentence has these words."""
    (one,) = [f for f in found if words in f.what]
    return one


def test_a_broken_file_is_one_fault_and_the_rest_is_looked_at(tree) -> None:
    file = tree.file(1, "depth")
    file.write_bytes(file.read_bytes()[:200])
    found = only(tree.seen(), "cannot be read")
    assert found.count == 1
    assert file.name in found.examples[0]


@pytest.mark.parametrize("way", ["pixels", "grey of a compressed file", "red channel"])
def test_infrared_that_is_a_copy_of_the_colour_picture_is_found(tree, way: str) -> None:
    def copy(row: int):
        colour = np.asarray(Image.open(tree.file(row, "rgb")).convert("RGB"))
        grey = cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY)
        if way == "red channel":
            return colour[..., 0]
        coded = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
        return grey if way == "pixels" else cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)

    for row in (2, 4):
        tree.redraw([row], "infrared", lambda _, row=row: copy(row))
    found = only(tree.seen(), "infrared is a copy of rgb")
    assert found.severity is Severity.FAULT
    assert found.examples == tuple(tree.table["key"][row] for row in (2, 4))


def test_depth_that_is_a_grey_colour_picture_is_found(tree) -> None:
    grey = np.asarray(Image.open(tree.file(3, "rgb")).convert("L"))
    tree.redraw([3], "depth", lambda _: 400 + 2 * grey.astype(np.uint16))
    assert only(tree.seen(), "depth is a copy of rgb").count == 1


@pytest.mark.parametrize("pair", [("rgb", "infrared"), ("depth", "infrared"), ("rgb", "depth")])
def test_pictures_of_two_sensors_that_were_exchanged_are_found(tree, pair) -> None:
    tree.redraw([6], "infrared", lambda p: (p * (255 / np.iinfo(p.dtype).max)).astype(np.uint8))
    first, second = (tree.file(6, modality) for modality in pair)
    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(kept)
    assert only(tree.seen(), "swapped").count == 1


def test_a_colour_picture_without_colour_is_a_warning(tree) -> None:
    tree.redraw([5], "rgb", lambda p: np.repeat(p[..., :1], 3, axis=-1))
    assert only(tree.seen(), "without colour").severity is Severity.WARNING


def test_pictures_of_one_row_that_differ_in_size_are_found(tree) -> None:
    tree.redraw([5], "infrared", lambda p: p[:40])
    assert "48x40, 48x48" in only(tree.seen(), "differ in size").examples[0]


def test_an_even_and_a_saturated_picture_are_told_apart(tree) -> None:
    even = tree.redraw([1, 2], "infrared", lambda p: np.full_like(p, 90))
    bright = tree.redraw(
        [3], "infrared", lambda p: np.where(np.arange(48) < 40, 255, p).astype("u1")
    )
    holes = tree.redraw([4], "depth", lambda p: np.where(p == p.max(), p, 0))
    found = tree.seen()
    assert only(found, "infrared show nothing").examples == tuple(even)
    assert only(found, "depth show nothing").examples == tuple(holes)
    assert only(found, "infrared are saturated").examples == tuple(bright)


def test_eight_bit_depth_that_is_called_millimetres_is_named_as_such(tree) -> None:
    tree.redraw([0, 1], "depth", lambda p: (p // 8).astype(np.uint8))
    found = only(tree.seen(), "files of depth are 8-bit grey")
    assert found.count == 2
    assert "--depth relative" in found.remedy


@pytest.mark.parametrize(
    ("unit", "words"), [(1 / 1000, "below 150"), (1 / 8, "below 150"), (10, "above 5000")]
)
def test_depth_in_another_unit_is_found(tree, unit: float, words: str) -> None:
    rows = range(tree.table.height)
    tree.redraw(rows, "depth", lambda p: np.ceil(p * unit).astype(np.uint16))
    assert only(tree.seen(), words).count > 40


def test_ten_bits_in_sixteen_are_a_fault_of_the_scale_and_not_dark_frames(tree) -> None:
    tree.redraw(
        range(tree.table.height),
        "infrared",
        lambda p: (p * (1023 / np.iinfo(p.dtype).max)).astype(np.uint16),
    )
    found = tree.seen()
    assert only(found, "lowest part of their scale").severity is Severity.FAULT
    assert not [f for f in found if "dark" in f.what]


def test_a_frame_between_two_flashes_is_found_beside_its_neighbours(tree) -> None:
    frames = [row for row, label in enumerate(tree.table["label"]) if label == "bona_fide"][:4]
    for row in frames:
        tree.put(row, presentation="one", subject="one", split="train")
    (dark,) = tree.redraw(frames[1:2], "infrared", lambda p: p // 5)
    assert only(tree.seen(), "dark frames").examples == (dark,)


def test_equal_pictures_weigh_more_in_two_sets_than_in_one(tree) -> None:
    split = tree.table["split"].to_list()
    train = [row for row, name in enumerate(split) if name == "train"]
    shutil.copy(tree.file(train[0], "depth"), tree.file(train[1], "depth"))
    shutil.copy(tree.file(train[2], "rgb"), tree.file(split.index("eval"), "rgb"))
    found = tree.seen()
    assert only(found, "equal pictures in two presentations").severity is Severity.WARNING
    assert only(found, "equal pictures in two sets").severity is Severity.FAULT


def test_a_compressed_scaled_and_brightened_copy_is_a_near_duplicate(tree) -> None:
    split = tree.table["split"].to_list()
    one, other = tree.file(split.index("train"), "rgb"), tree.file(split.index("eval"), "rgb")
    picture = np.asarray(Image.open(one).convert("RGB"))
    larger = cv2.resize(picture, (64, 64), interpolation=cv2.INTER_CUBIC)
    brighter = np.clip(1.05 * cv2.resize(larger, (48, 48)) + 4, 0, 255).astype(np.uint8)
    Image.fromarray(brighter).save(other, format="jpeg", quality=85)
    found = only(tree.seen(), "near duplicates in two sets")
    assert found.count == 1
    assert one.name in found.examples[0]
    assert other.name in found.examples[0]


def test_pairs_are_those_that_a_plain_loop_over_bits_finds() -> None:
    rng = np.random.default_rng(0)
    base = rng.integers(0, 2, (40, 256))
    flips = [rng.choice(256, size=k % 30, replace=False) for k in range(40)]
    near = base.copy()
    for row, places in zip(near, flips, strict=True):
        row[places] ^= 1
    bits = np.concatenate([base, near])
    words = hash_words([np.packbits(row).tobytes() for row in bits])
    plain = {(i, j) for j in range(80) for i in range(j) if (bits[i] != bits[j]).sum() <= NEAR}
    assert set(pairs(words)) == plain
    assert len(plain) > 15


def test_a_hash_has_256_bits() -> None:
    assert len(perceptual_hash(np.zeros((20, 20, 3), np.uint8))) == 32


def test_a_sample_is_the_same_each_time_and_no_larger_than_asked(tree) -> None:
    once, again = (tree.examine(images="sample", sample=5) for _ in range(2))
    assert once == again
    assert once.pictures == "those of 5 of 48 rows"


def test_more_processes_find_the_same(tree) -> None:
    Path(tree.file(1, "depth")).write_bytes(b"no picture")
    assert tree.found(images="all", workers=2) == tree.seen()
