"""People look like people: skin, hair, headwear and age, measured on what the painters return."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from unmask.sim.body.bust import bust, draw_look, paint_skin, pose
from unmask.sim.body.clothes import STYLES, draw_outfit, neckline
from unmask.sim.body.face_map import spot
from unmask.sim.body.hair import CUTS, groomed
from unmask.sim.body.heads import SKIN, Floats, head_model
from unmask.sim.body.skin import skin_map
from unmask.sim.body.wrinkles import creases
from unmask.sim.optics.materials import MELANIN_OF_TYPE, Kind
from unmask.sim.optics.mesh import Part
from unmask.sim.optics.tracing import Hits, trace
from unmask.sim.people import HAIR_STYLES, HEADWEAR, Person, person
from unmask.sim.stage import crop_window

SIDE = 64
BASE = replace(
    person(0, "A", 3), headwear="", beard=0.0, hair_style="shaved", freckles=0.0, glasses=False
)


def scene(somebody: Person) -> tuple[list[Part], Floats]:
    look = draw_look(np.random.default_rng(0), somebody, 0, 0)
    parts, points = bust(somebody, replace(look, expression={}, glasses=False))
    return parts, pose(parts, points, (0.0, 0.0, 0.0), np.array([0, 0, -700], np.float32))


def seen(somebody: Person) -> tuple[Hits, Floats, Floats]:
    """What a camera meets, the kind of material there, and home-like x, y in mm (SIDE, SIDE)."""
    parts, points = scene(somebody)
    hits = trace(parts, crop_window(points, 1.5), SIDE)
    return hits, hits.picture(hits.paint.kind), hits.picture(hits.position)


def bare_face() -> Floats:
    """Coordinates (N, 6) that the painter reads on the cheeks and forehead of the mean head."""
    model = head_model()
    home = model.home
    face = (model.part == SKIN) & (home[:, 2] > 5) & (np.abs(home[:, 0]) < 50)
    face &= ((home[:, 1] > 25) & (home[:, 1] < 60)) | ((home[:, 1] < -18) & (home[:, 1] > -45))
    extra = np.zeros((int(face.sum()), 3), np.float32)
    extra[:, 1] = 1.0
    return np.concatenate([home[face], extra], axis=1)


def painted(skin_type: int, age: float = -0.5) -> tuple[Floats, Floats]:
    somebody = replace(
        BASE, skin_type=skin_type, melanin=MELANIN_OF_TYPE[skin_type], age=age, blood=0.25
    )
    look = draw_look(np.random.default_rng(0), somebody, 0, 0)
    paint = paint_skin(bare_face(), somebody, look)
    return paint.colour @ np.array([0.2126, 0.7152, 0.0722]), paint.infrared


def test_skin_types_are_ordered_in_colour_and_nearly_equal_in_infrared() -> None:
    levels = [painted(k) for k in range(6)]
    colour = np.array([np.median(c) for c, _ in levels])
    infrared = np.array([np.median(i) for _, i in levels])
    assert np.all(colour[:-1] > 1.1 * colour[1:])
    assert colour[0] > 4 * colour[-1]
    assert infrared.max() < 1.25 * infrared.min()


@pytest.mark.parametrize("skin_type", range(6))
def test_skin_is_even_but_not_flat(skin_type: int) -> None:
    colour, infrared = painted(skin_type)
    spread = np.percentile(colour, 90) / np.percentile(colour, 10)
    assert 1.03 < spread < 1.8
    assert np.std(infrared) < 0.12 * np.mean(infrared)


def test_skin_has_a_soft_sheen_and_no_wet_points() -> None:
    look = draw_look(np.random.default_rng(0), BASE, 0, 0)
    paint = paint_skin(bare_face(), BASE, replace(look, oil=1.0))
    assert paint.roughness.min() >= 0.45
    assert paint.specular.max() <= 0.05


def test_age_brings_lines_where_faces_crease() -> None:
    eyes = spot(55, 2, 9, 12) > 0.3
    forehead = spot(0, 42, 35, 16) > 0.3
    depth = [creases(replace(BASE, age=age), np.random.default_rng(5)) for age in (-1.6, 0.0, 1.6)]
    for place in (eyes, forehead):
        lines = [float(np.percentile(d[place], 95)) for d in depth]
        assert lines[0] < lines[1] < lines[2]
        assert lines[2] > 3 * lines[0] + 0.1


def test_one_person_is_painted_and_groomed_to_the_same_bytes() -> None:
    somebody = replace(BASE, hair_style="wavy")
    first, hair = skin_map(somebody), groomed(somebody)
    skin_map.cache_clear()
    groomed.cache_clear()
    again, same = skin_map(somebody), groomed(somebody)
    assert first is not again
    np.testing.assert_array_equal(first.colour, again.colour)
    np.testing.assert_array_equal(first.rest, again.rest)
    assert hair is not None
    assert same is not None
    np.testing.assert_array_equal(hair.worn.points, same.worn.points)
    np.testing.assert_array_equal(hair.across, same.across)


@pytest.mark.parametrize("style", list(CUTS))
def test_hair_covers_the_scalp_and_leaves_the_face_free(style: str) -> None:
    for number in (3, 8, 14):
        somebody = replace(person(0, "A", number), hair_style=style, headwear="", recession=0.0)
        hits, kind, place = seen(somebody)
        x, y = place[..., 0], place[..., 1]
        eyes = hits.picture(np.ones_like(hits.facing))
        face = (np.abs(x) < 42) & (y < 14) & (y > -85) & (eyes > 0)
        crown = (np.abs(x) < 35) & (y > 85)
        assert face.sum() > 150
        assert (kind[face] == Kind.HAIR).mean() < 0.03
        assert (kind[crown] == Kind.HAIR).mean() > 0.9


@pytest.mark.parametrize("style", list(HAIR_STYLES))
@pytest.mark.parametrize("headwear", ["", *HEADWEAR])
def test_every_style_of_hair_goes_with_every_headwear(style: str, headwear: str) -> None:
    somebody = replace(BASE, hair_style=style, headwear=headwear)
    parts, _ = scene(somebody)
    assert sum(len(p.triangles) for p in parts[1:]) < 15_000
    for part in parts:
        assert np.isfinite(part.vertices).all()
        assert part.triangles.max() < len(part.vertices)
        assert len(part.normals) == len(part.coordinates) == len(part.vertices)
        painted = part.paint(part.coordinates)
        assert 0 <= painted.colour.min() <= painted.colour.max() < 1.2
        assert 0 <= painted.infrared.min() <= painted.infrared.max() < 1.2


@pytest.mark.parametrize("headwear", list(HEADWEAR))
def test_headwear_covers_the_crown_and_leaves_eyes_and_mouth_free(headwear: str) -> None:
    for number in (3, 8, 14):
        somebody = replace(person(0, "A", number), headwear=headwear)
        _, kind, place = seen(somebody)
        x, y = place[..., 0], place[..., 1]
        face = (np.abs(x) < 36) & (y < 8) & (y > -80) & (place[..., 2] < 0)
        assert (kind[face] == Kind.CLOTH).mean() < 0.02
        crown = (np.abs(x) < 30) & (y > 85)
        assert (kind[crown] == Kind.CLOTH).mean() > 0.95


def test_hair_follows_the_head_that_wears_it() -> None:
    groom = groomed(replace(BASE, hair_style="crop"))
    assert groom is not None
    home = head_model().home
    shift = np.array([3.0, -2.0, 5.0], np.float32)
    np.testing.assert_allclose(groom.worn.on(home), groom.worn.points, atol=1e-4)
    np.testing.assert_allclose(groom.worn.on(home + shift), groom.worn.points + shift, atol=1e-3)


def in_front(home: Floats) -> Floats:
    return (np.abs(home[:, 0]) < 8) & (home[:, 2] > -80)


def test_every_outfit_begins_between_chin_and_chest() -> None:
    home = head_model().home
    found = set()
    for seed in range(60):
        outfit = draw_outfit(np.random.default_rng(seed))
        found.add(outfit.style)
        level = neckline(home[in_front(home)], outfit)
        assert -235 < level.min() <= level.max() < -95
    assert found == set(STYLES)


@pytest.mark.parametrize("style", list(STYLES))
def test_collars_stay_below_the_face(style: str) -> None:
    outfit = replace(draw_outfit(np.random.default_rng(1)), style=style, base=-160.0)
    look = replace(
        draw_look(np.random.default_rng(0), BASE, 0, 0), expression={}, outfit=outfit, glasses=False
    )
    parts, points = bust(BASE, look)
    chin = points[:, 1].min()
    for part in parts[1:]:
        front = part.vertices[part.vertices[:, 2] > -40]
        assert len(front) == 0 or front[:, 1].max() < chin


def infrared_of_eyes(change: Callable[[Person], Person]) -> float:
    somebody = change(BASE)
    hits, kind, _ = seen(somebody)
    return float(hits.picture(hits.paint.infrared)[kind == Kind.EYE].min())


def test_a_lamp_beside_the_lens_may_light_the_pupils() -> None:
    dark = infrared_of_eyes(lambda p: replace(p, pupil_glow=0.05))
    bright = infrared_of_eyes(lambda p: replace(p, pupil_glow=0.5))
    assert dark < bright
