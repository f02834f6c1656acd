"""Ground truth is what was traced: it fits the pictures, the geometry and itself."""

import numpy as np
import pytest

from unmask.sim.body.heads import Floats
from unmask.sim.contact_sheet import find
from unmask.sim.optics.materials import Kind
from unmask.sim.plan import BONA_FIDE, Plan
from unmask.sim.sites import SITES
from unmask.sim.species import present
from unmask.sim.stage import Capture, capture, crop_window
from unmask.sim.truth import Truth

SIDE = 64
KINDS = (BONA_FIDE, "print_flat", "replay", "mask_flexible")
Seen = tuple[Plan, Capture, Truth]


def seen(plan: Plan) -> Seen:
    taken = capture(plan, present(plan), SIDE, with_truth=True)
    assert taken.truth is not None
    return plan, taken, taken.truth


@pytest.fixture(scope="module")
def all_seen() -> list[Seen]:
    return [seen(p) for s in SITES.values() for kind in KINDS for p in find(4, s, kind, 2)]


def points(plan: Plan, truth: Truth) -> Floats:
    """Where each pixel's ray met the scene (H, H, 3), from depth and the crop alone."""
    at = plan.acquisition
    window = crop_window(present(plan).landmarks, at.margin, at.shift)
    axis = (np.arange(SIDE) + 0.5) / SIDE * 2 - 1
    x = window.centre[0] + window.half * axis[None, :] + np.zeros((SIDE, 1))
    y = window.centre[1] - window.half * axis[:, None] + np.zeros((1, SIDE))
    return np.asarray(truth.depth[..., None] * np.stack([x, y, -np.ones_like(x)], axis=-1))


def test_asking_for_truth_changes_no_picture(all_seen: list[Seen]) -> None:
    for plan, taken, _ in all_seen[::5]:
        plain = capture(plan, present(plan), SIDE)
        assert plain.truth is None
        for name in ("rgb", "depth", "infrared"):
            np.testing.assert_array_equal(getattr(plain, name), getattr(taken, name))


def test_sensed_depth_is_true_depth_with_errors(all_seen: list[Seen]) -> None:
    for plan, taken, truth in all_seen:
        if plan.kind == "replay":  # glass misleads the sensor
            continue
        middle = slice(SIDE // 4, 3 * SIDE // 4)
        sensed, true = taken.depth[middle, middle].astype(float), truth.depth[middle, middle]
        error = np.abs(sensed - true)[sensed > 0]
        assert np.median(error) < 0.012 * plan.acquisition.distance


def test_normals_are_those_of_the_surface_that_depth_shows(all_seen: list[Seen]) -> None:
    for plan, _, truth in all_seen:
        where = points(plan, truth)
        right, down = np.gradient(where, axis=1), np.gradient(where, axis=0)
        normal = np.cross(down, right)
        normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
        steep = np.linalg.norm(right, axis=-1) + np.linalg.norm(down, axis=-1)
        smooth = steep < 2.2 * np.median(steep)  # no edge between two things
        cosine = (normal * truth.normal).sum(axis=-1)[smooth]
        assert np.median(cosine) > 0.97


def test_normals_are_unit_and_face_the_camera(all_seen: list[Seen]) -> None:
    for plan, _, truth in all_seen:
        np.testing.assert_allclose(np.linalg.norm(truth.normal, axis=-1), 1, atol=1e-3)
        ray = points(plan, truth)
        away = (truth.normal * ray).sum(axis=-1) / np.linalg.norm(ray, axis=-1)
        assert away.max() < 0.02  # 0, but for the ray having met a corner of the pixel


def test_landmarks_lie_on_the_face_that_is_shown(all_seen: list[Seen]) -> None:
    for plan, _, truth in all_seen:
        eyes, mouth = truth.landmarks[:2].mean(axis=0), truth.landmarks[2]
        centre = (eyes + mouth) / 2
        stray = np.array([plan.acquisition.shift[0], -plan.acquisition.shift[1]])
        np.testing.assert_allclose(centre, SIDE * (0.5 - stray), atol=0.06 * SIDE)
        x, y = truth.landmarks[0].astype(int)
        if plan.kind == BONA_FIDE:
            assert Kind.EYE in truth.material[y - 2 : y + 3, x - 2 : x + 3]


@pytest.mark.parametrize(
    ("kind", "made_of"),
    [(BONA_FIDE, Kind.SKIN), ("print_flat", Kind.PAPER), ("replay", Kind.SCREEN)],
)
def test_the_middle_of_the_picture_is_of_the_material_presented(
    kind: str, made_of: Kind, all_seen: list[Seen]
) -> None:
    middle = slice(SIDE // 2 - 6, SIDE // 2 + 6)
    shares = [
        (t.material[middle, middle] == made_of).mean() for p, _, t in all_seen if p.kind == kind
    ]
    assert np.mean(shares) > 0.9


def test_light_is_that_of_the_site(all_seen: list[Seen]) -> None:
    for plan, _, truth in all_seen:
        fewest, most = SITES[plan.site].light.lamps
        assert fewest <= len(truth.lamp_direction) <= most
        np.testing.assert_allclose(np.linalg.norm(truth.lamp_direction, axis=1), 1, atol=1e-5)
        assert (truth.lamp_colour > 0).all()
        assert (truth.ambient > 0).all()
        assert 15 < np.linalg.norm(truth.infrared_lamp) < 50
        assert truth.infrared_ambient == plan.acquisition.infrared_ambient


def test_arrays_are_aligned_with_the_picture_and_named(all_seen: list[Seen]) -> None:
    arrays = all_seen[0][2].arrays()
    assert arrays["depth"].shape == arrays["material"].shape == (SIDE, SIDE)
    assert arrays["normal"].shape == (SIDE, SIDE, 3)
    assert arrays["landmarks"].shape == (8, 2)
    assert {a.dtype.kind for a in arrays.values()} <= {"f", "u"}
