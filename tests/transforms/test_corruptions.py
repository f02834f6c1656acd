"""Each corruption does what its level says, to the sensors that it names, and nothing by chance."""

from pathlib import Path

import numpy as np
import pytest

from unmask.errors import ConfigError
from unmask.transforms.corruptions import find, generator, names
from unmask.types import Images, Label, Modality, Sample

RGB, DEPTH, INFRARED = Modality.RGB, Modality.DEPTH, Modality.INFRARED
SIDE = 112


def sample(key: str = "a") -> Sample:
    return Sample(key=key, presentation=key, paths={RGB: Path("x")}, label=Label.BONA_FIDE)


@pytest.fixture(scope="module")
def images() -> Images:
    """A round head before a wall, with a few holes: smooth, so that noise shows."""
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]  # (H, W)
    head = np.clip(1 - 1.6 * x**2 - y**2, 0, 1)
    depth = np.where(head > 0, 600 - 90 * np.sqrt(head), 1500)
    depth[:6, :9] = 0
    light = 0.3 + 0.5 * head + 0.1 * np.sin(9 * x)
    colour = 255 * light[..., None] * np.array([1.0, 0.8, 0.7])
    return {
        RGB: np.rint(colour).astype(np.uint8),
        DEPTH: depth.astype(np.float32),
        INFRARED: (0.8 * light).astype(np.float32),
    }


def corrupted(name: str, images: Images, severity: int, key: str = "a", seed: int = 0) -> Images:
    corruption = find(name)
    level = corruption.levels[severity - 1]
    return corruption.corrupt(images, level, generator(seed, sample(key), name))


def each_level(name: str, images: Images) -> list[Images]:
    return [corrupted(name, images, n) for n in range(1, len(find(name).levels) + 1)]


def error(before: Images, after: Images) -> float:
    """Mean absolute change, each sensor in units of its own spread."""
    return float(
        np.mean([np.abs(after[m].astype(float) - p).mean() / p.std() for m, p in before.items()])
    )


@pytest.mark.parametrize("name", names())
def test_pictures_keep_their_form_and_the_originals_stay(name: str, images: Images) -> None:
    before = {modality: picture.copy() for modality, picture in images.items()}
    for changed in each_level(name, images):
        assert changed.keys() == images.keys()
        for modality, picture in changed.items():
            assert picture.shape == images[modality].shape
            assert picture.dtype == images[modality].dtype
        assert changed[DEPTH].min() >= 0
        assert 0 <= changed[INFRARED].min() <= changed[INFRARED].max() <= 1
    for modality, picture in images.items():
        np.testing.assert_array_equal(picture, before[modality])


@pytest.mark.parametrize("name", names())
def test_it_changes_the_sensors_that_it_names_and_no_other(name: str, images: Images) -> None:
    corruption = find(name)
    changed = corrupted(name, images, len(corruption.levels))
    for modality, picture in images.items():
        moved = not np.array_equal(changed[modality], picture)
        still = name == "misregistration" and modality is RGB
        assert moved == (modality in corruption.modalities and not still)


@pytest.mark.parametrize("name", names())
def test_each_level_is_worse_than_the_one_before(name: str, images: Images) -> None:
    errors = [error(images, changed) for changed in each_level(name, images)]
    assert 3 <= len(errors) <= 5
    assert errors == sorted(errors)
    assert errors[0] < errors[-1]


@pytest.mark.parametrize("name", names())
def test_chance_depends_on_seed_and_key_alone(name: str, images: Images) -> None:
    first = corrupted(name, images, 2)
    again = corrupted(name, images, 2)
    for modality in images:
        np.testing.assert_array_equal(first[modality], again[modality])
    fixed = {"blur", "jpeg", "gamma_darker", "gamma_brighter", "depth_steps"}
    for other in (corrupted(name, images, 2, key="b"), corrupted(name, images, 2, seed=1)):
        same = all(np.array_equal(first[m], other[m]) for m in images)
        assert same == (name in fixed), "only these have nothing to draw"


@pytest.mark.parametrize("name", names())
def test_what_one_sensor_meets_does_not_depend_on_the_others(name: str, images: Images) -> None:
    together = corrupted(name, images, 3)
    for modality, picture in images.items():
        alone = corrupted(name, {modality: picture}, 3)
        np.testing.assert_array_equal(alone[modality], together[modality])


def test_dark_infrared_has_the_light_of_its_level(images: Images) -> None:
    for stops, changed in zip((1, 2, 4, 6), each_level("infrared_dark", images), strict=True):
        wanted = images[INFRARED].mean() / 2**stops
        assert changed[INFRARED].mean() == pytest.approx(wanted, abs=1 / 255)
        levels = changed[INFRARED] * 255
        np.testing.assert_allclose(levels, np.rint(levels), atol=1e-4)


def test_a_strobe_leaves_the_stated_share_of_rows_unlit(images: Images) -> None:
    for share, changed in zip(
        (25, 50, 75, 100), each_level("infrared_strobe", images), strict=True
    ):
        gain = (changed[INFRARED] / images[INFRARED]).mean(axis=1)  # (H,)
        assert 100 * (gain < 0.5).mean() == pytest.approx(share, abs=4)
        assert gain.min() == pytest.approx(0.05, abs=0.02)


def test_holes_take_the_stated_share_and_keep_those_of_the_milder_level(images: Images) -> None:
    seen = images[DEPTH] > 0
    before = np.zeros_like(seen)
    for share, changed in zip((5, 15, 30, 60), each_level("depth_holes", images), strict=True):
        lost = seen & (changed[DEPTH] == 0)
        assert 100 * lost.sum() / seen.sum() == pytest.approx(share, abs=0.1)
        assert (lost | ~before).all()
        before = lost


def test_steps_are_multiples_and_nothing_moves_by_more_than_half_of_one(images: Images) -> None:
    for step, changed in zip((2, 5, 10, 20), each_level("depth_steps", images), strict=True):
        depth = changed[DEPTH]
        np.testing.assert_allclose(depth / step, np.rint(depth / step), atol=1e-4)
        assert np.abs(depth - images[DEPTH]).max() <= step / 2 + 1e-3


def test_any_two_sensors_are_the_stated_length_apart() -> None:
    y, x = np.mgrid[:448, :448]
    spot = np.exp(-((x - 224) ** 2 + (y - 224) ** 2) / (2 * 12**2)).astype(np.float32)  # (H, W)
    images = {
        RGB: np.repeat(np.rint(255 * spot)[..., None], 3, axis=2).astype(np.uint8),
        DEPTH: 1000 * spot,
        INFRARED: spot,
    }
    for length, moved in zip((2, 5, 10, 20), each_level("misregistration", images), strict=True):
        centre = []
        for picture in moved.values():
            weight = picture if picture.ndim == 2 else picture[..., 0]
            weight = weight / weight.sum()
            centre.append(np.array([(weight * x).sum(), (weight * y).sum()]))
        for a, b in ((0, 1), (0, 2), (1, 2)):
            assert np.hypot(*(centre[a] - centre[b])) / 2 == pytest.approx(length, abs=0.4)


def test_noise_has_the_stated_deviation_where_nothing_is_clipped() -> None:
    grey = {RGB: np.full((80, 80, 3), 128, np.uint8), INFRARED: np.full((80, 80), 0.5, np.float32)}
    grey[DEPTH] = np.full((80, 80), 600, np.float32)
    for level, noisy in zip((2, 5, 10), each_level("noise", grey), strict=False):
        assert 100 * noisy[RGB].std() / 255 == pytest.approx(level, rel=0.05)
        assert 100 * noisy[INFRARED].std() == pytest.approx(level, rel=0.05)
        assert noisy[DEPTH].std() == pytest.approx(level, rel=0.05)


def test_a_thing_before_the_face_hides_its_share_and_stands_before_it(images: Images) -> None:
    before = np.zeros((SIDE, SIDE), bool)
    for share, changed in zip((5, 10, 20, 35), each_level("occlusion", images), strict=True):
        colour, times = np.unique(changed[RGB].reshape(-1, 3), axis=0, return_counts=True)
        hidden = (changed[RGB] == colour[times.argmax()]).all(axis=-1)  # (H, W)
        assert 100 * hidden.mean() == pytest.approx(share, abs=0.5)
        assert (hidden | ~before).all(), "each level hides what the milder ones do"
        assert len(np.unique(changed[INFRARED][hidden])) == 1
        seen = images[DEPTH][hidden & (images[DEPTH] > 0)]
        assert (changed[DEPTH][hidden] < seen.min()).all()
        before = hidden


def test_far_away_there_is_less_light_and_the_relief_keeps_its_millimetres(images: Images) -> None:
    for times, changed in zip((1.5, 2, 3, 4), each_level("distance", images), strict=True):
        dimmer = changed[INFRARED].mean() * times**2
        assert dimmer == pytest.approx(images[INFRARED].mean(), rel=0.06)
        near = np.median(images[DEPTH][images[DEPTH] > 0])
        moved = np.median(changed[DEPTH][changed[DEPTH] > 0]) - near
        assert moved == pytest.approx((times - 1) * near, rel=0.02)


def test_holes_stay_holes_and_no_other_pixel_becomes_one(images: Images) -> None:
    for name in ("noise", "depth_steps"):
        for changed in each_level(name, images):
            np.testing.assert_array_equal(changed[DEPTH] == 0, images[DEPTH] == 0)
    nothing = {DEPTH: np.zeros((SIDE, SIDE), np.float32)}
    for name in names():
        for changed in each_level(name, nothing):
            assert not changed[DEPTH].any(), name


def test_it_applies_to_a_set_of_sensors_only_where_something_would_change() -> None:
    assert find("depth_holes").applies((RGB, DEPTH))
    assert not find("depth_holes").applies((RGB, INFRARED))
    assert not find("misregistration").applies((DEPTH,))
    assert find("misregistration").applies((DEPTH, INFRARED))


def test_millimetres_are_left_alone_where_depth_has_no_unit() -> None:
    assert find("depth_steps").of_depth("relative") is None
    noise = find("noise").of_depth("relative")
    assert noise is not None
    assert DEPTH not in noise.modalities
    assert find("depth_holes").of_depth("relative") == find("depth_holes")
    assert find("noise").of_depth("millimetres") == find("noise")


def test_an_unknown_name_is_told_with_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match=r"no corruption 'blurr'; there are: blur, depth_holes"):
        find("blurr")
