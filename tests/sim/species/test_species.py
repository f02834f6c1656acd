"""Each species has the geometry and the optics that its name promises."""

import numpy as np
import pytest

from unmask.capture.crop import face_square
from unmask.capture.detection import FaceDetector
from unmask.sim.body.heads import Floats
from unmask.sim.contact_sheet import find
from unmask.sim.optics.materials import Kind
from unmask.sim.optics.tracing import trace
from unmask.sim.sites import SITES, Site
from unmask.sim.species import KINDS, SPECIES, present
from unmask.sim.stage import Capture, capture, crop_window

SIDE = 48
FACE = slice(SIDE // 2 - 8, SIDE // 2 + 10)


@pytest.fixture(scope="module")
def taken() -> dict[str, list[Capture]]:
    """Some captures of each kind, at the first site that has it."""
    return {
        kind: [capture(p, present(p), SIDE) for p in find(0, place_of(kind), kind, 4)]
        for kind in KINDS
    }


def place_of(kind: str) -> Site:
    """The first site where a kind is presented."""
    return next(s for s in SITES.values() if kind in ("bona_fide", *s.species))


def relief(depth: Floats) -> float:
    """How far (mm) the face departs from the plane that fits it best."""
    row, column = np.nonzero(depth)
    design = np.stack([row, column, np.ones_like(row)], axis=1).astype(float)
    z = depth[row, column].astype(float)
    rest = z - design @ np.linalg.lstsq(design, z, rcond=None)[0]
    return float(np.percentile(np.abs(rest), 90))


@pytest.mark.parametrize("kind", KINDS)
def test_eyes_stand_where_the_acquisition_put_them(kind: str) -> None:
    for plan in find(3, place_of(kind), kind, 2):
        at = plan.acquisition
        eyes = present(plan).landmarks[:2].mean(axis=0)
        expected = np.array([at.across, at.up, -1.0]) * at.distance
        np.testing.assert_allclose(eyes, expected, atol=0.5)


def test_crop_is_the_square_that_predict_would_cut() -> None:
    plan = find(0, SITES["A"], "bona_fide", 1)[0]
    points = present(plan).landmarks
    window = crop_window(points, 1.0)
    flat = points[:, :2] / -points[:, 2:] * [1, -1]  # rows grow downwards
    pixels = 1000 * flat + 1000  # a camera with a focal length of 1000 pixels
    left, right, mouth = pixels[1], pixels[0], pixels[2]  # the viewer's left comes first
    across = np.array([20.0, 0.0])
    square = face_square(np.stack([left, right, mouth, mouth - across, mouth + across]))
    assert square.side == pytest.approx(2000 * window.half, abs=2)
    assert square.left + square.side / 2 == pytest.approx(1000 + 1000 * window.centre[0], abs=2)
    assert square.top + square.side / 2 == pytest.approx(1000 - 1000 * window.centre[1], abs=2)


def test_flat_media_are_flat_and_heads_and_masks_are_not(taken: dict[str, list[Capture]]) -> None:
    for capture_ in taken["print_flat"]:
        assert relief(capture_.depth[FACE, FACE]) < 3.5
    for kind in ("bona_fide", "mask_flexible"):
        for capture_ in taken[kind]:
            assert relief(capture_.depth[FACE, FACE]) > 5


def test_a_replayed_face_is_dark_in_infrared(taken: dict[str, list[Capture]]) -> None:
    replayed = [np.median(c.infrared[FACE, FACE]) for c in taken["replay"]]
    skin = [np.median(c.infrared[FACE, FACE]) for c in taken["bona_fide"]]
    assert np.median(replayed) < 0.35 * np.median(skin)
    assert np.mean(np.array(replayed) < min(skin)) >= 0.75  # a matte screen may glare


def test_colour_levels_do_not_give_the_label_away(taken: dict[str, list[Capture]]) -> None:
    level = {k: np.mean([c.rgb.mean() for c in found]) for k, found in taken.items()}
    assert max(level.values()) < 1.6 * min(level.values())


def test_mask_shows_the_wearers_eyes_in_holes_of_the_subjects_face() -> None:
    plan = find(0, SITES["A"], "mask_flexible", 1)[0]
    presented = present(plan)
    hits = trace(presented.parts, crop_window(presented.landmarks, 1.0), 128)
    kinds = hits.picture(hits.paint.kind)
    assert (kinds == Kind.SILICONE).mean() > 0.1
    assert (kinds == Kind.EYE).sum() > 20
    row, column = np.nonzero(kinds == Kind.EYE)
    ring = kinds[row.min() - 1 : row.max() + 2, column.min() - 1 : column.max() + 2]
    assert (ring == Kind.SKIN).any()  # living skin between eye and silicone


def test_every_species_of_a_site_exists_and_is_made_at_two_sites() -> None:
    made = [name for site in SITES.values() for name in site.species]
    assert set(made) == set(SPECIES)
    assert min(made.count(name) for name in SPECIES) >= 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_face_detector_trained_on_photographs_finds_most_faces(kind: str) -> None:
    detector, found = FaceDetector(), 0
    for plan in find(0, place_of(kind), kind, 4):
        faces = detector.faces(capture(plan, present(plan), 256).rgb)
        if not faces:  # a creased cloth or a steep sheet defeats it now and then
            continue
        found += 1
        square = face_square(faces[0].landmarks)
        middle = np.array([square.left + square.side / 2, square.top + square.side / 2])
        expected = 128 - 256 * np.array(plan.acquisition.shift) * [1, -1]
        np.testing.assert_allclose(middle, expected, atol=24)
        assert square.side * plan.acquisition.margin / 256 == pytest.approx(1, abs=0.3)
    assert found >= 2
