"""The contact sheet shows every kind at every site that makes it."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from unmask.config import ShowConfig
from unmask.errors import ConfigError
from unmask.sim import contact_sheet as cs
from unmask.sim.sites import SITES
from unmask.sim.species import KINDS
from unmask.sim.tiles import depth_tile, infrared_tile

SOME = ("print_flat", "print_cloth", "mask_flexible")


def drawn(path: Path, **settings: object) -> npt.NDArray[np.uint8]:
    config = ShowConfig(what="simulator", out=path, seed=1, **settings)  # type: ignore[arg-type]
    return np.asarray(Image.open(cs.draw(config)))


def tile(sheet: npt.NDArray[np.uint8], row: int, left: int) -> npt.NDArray[np.uint8]:
    top = cs.TOP + row * cs.ROW
    return sheet[top : top + cs.TILE, left : left + cs.TILE]


def test_each_site_has_its_three_pictures_or_says_that_it_makes_none(tmp_path: Path) -> None:
    sheet = drawn(tmp_path / "sheet.png", species=SOME)
    wide = 3 * (cs.TILE + cs.GAP) + cs.BETWEEN
    for row, kind in enumerate(SOME):
        for number, site in enumerate(SITES.values()):
            lefts = [cs.LEFT + number * wide + k * (cs.TILE + cs.GAP) for k in range(3)]
            shown = [tile(sheet, row, left) for left in lefts]
            if kind in site.species:
                assert all(t.std() > 3 for t in shown)
                assert (shown[0] != shown[2]).any()
            else:
                assert all((t[: cs.TILE // 3] == cs.BLANK).all() for t in shown)


def test_more_people_make_a_wider_sheet(tmp_path: Path) -> None:
    one = drawn(tmp_path / "one.png", species=("mannequin",))
    two = drawn(tmp_path / "two.png", species=("mannequin",), people=2)
    assert two.shape[1] - one.shape[1] == 3 * len(SITES) * (cs.TILE + cs.GAP)


def test_a_film_strip_shows_one_presentation_moving(tmp_path: Path) -> None:
    strip = drawn(tmp_path / "film.png", species=("mask_flexible",), frames=3)
    shown = [tile(strip, 0, cs.LEFT + k * (cs.TILE + cs.GAP)).astype(int) for k in range(3)]
    assert all(t.std() > 10 for t in shown)
    assert np.abs(shown[0] - shown[2]).mean() > 2  # more than noise


def test_an_unknown_species_is_refused_before_anything_is_drawn(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"hologram; name each once, of: bona_fide, mannequin"):
        drawn(tmp_path / "x.png", species=("hologram",))
    assert not (tmp_path / "x.png").exists()


def test_each_presentation_on_the_sheet_is_of_another_person() -> None:
    for kind in KINDS:
        for site in SITES.values():
            found = cs.find(0, site, kind, 4)
            assert {p.kind for p in found} <= {kind}
            made = kind in ("bona_fide", *site.species)
            assert len({p.subject.subject for p in found}) == (4 if made else 0)


def test_every_site_has_a_place_and_words() -> None:
    assert len({site.place for site in SITES.values()}) == len(SITES)
    assert cs.site_words(SITES["D"]) == "stereo, 940 nm, 50 to 120 cm, with background"


def test_depth_is_lighter_where_nearer_and_blue_in_holes() -> None:
    depth = np.full((64, 64), 600, np.uint16)
    depth[:, 32:] = 680
    depth[:8] = 0
    depth[-8:] = 2000
    shown = depth_tile(depth).astype(int)
    assert shown[30, 10].sum() > shown[30, 54].sum() + 100
    assert shown[4, 30, 2] > 2 * shown[4, 30, 0]  # a hole
    assert shown[60, 30].max() < 60  # behind


def test_depth_shows_a_bulge_as_light_and_shadow() -> None:
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    flat = depth_tile(np.full((64, 64), 600, np.uint16)).astype(int)
    bulge = depth_tile((600 - 50 * np.clip(1 - x**2 - y**2, 0, 1)).astype(np.uint16)).astype(int)
    assert np.ptp(flat[..., 0]) < 3
    assert bulge[16, 16].sum() > bulge[47, 47].sum() + 60  # the light comes from the upper left


def test_a_picture_without_any_depth_is_all_hole() -> None:
    assert np.unique(depth_tile(np.zeros((8, 8), np.uint16)).reshape(-1, 3), axis=0).shape == (1, 3)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_infrared_keeps_its_order_and_its_ends(kind: type) -> None:
    levels = np.linspace(0, np.iinfo(kind).max, 64).astype(kind).reshape(8, 8)
    shown = infrared_tile(levels)[..., 0].ravel().astype(int)
    assert (np.diff(shown) >= 0).all()
    assert (shown[0], shown[-1]) == (0, 255)
