"""``unmask show simulator``: one sheet, a row per kind of presentation, columns by site and sensor.

Near depth is light, over 160 mm; holes are black. Infrared is as the sensor gave it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from unmask.files import write_whole
from unmask.sim.plan import BONA_FIDE, Plan, make_plan
from unmask.sim.sites import SITES, Site
from unmask.sim.species import SPECIES, present
from unmask.sim.stage import Capture, capture

TILE, GAP, PEOPLE = 176, 6, 2
LEFT, TOP = 150, 88
DEPTH_SHOWN = 160.0
"""Millimetres from the nearest point to the darkest grey: a face, not the room."""
INK, FAINT, PAPER = (25, 28, 33), (110, 115, 122), (250, 250, 248)
NOTE = "Simulated: nobody here exists. Depth: near is light, holes are black."


def draw(path: Path, seed: int) -> None:
    """Draw ``PEOPLE`` presentations of every kind at every site to a PNG."""
    kinds = (BONA_FIDE, *SPECIES)
    columns = len(SITES) * PEOPLE * 3
    width = LEFT + columns * (TILE + GAP) + len(SITES) * PEOPLE * GAP
    height = TOP + len(kinds) * (TILE + GAP) + 30
    sheet = Image.new("RGB", (width, height), PAPER)
    pen = ImageDraw.Draw(sheet)
    for row, kind in enumerate(kinds):
        top = TOP + row * (TILE + GAP)
        pen.text((12, top + TILE // 2 - 10), kind, INK, ImageFont.load_default(19))
        left = LEFT
        for site in SITES.values():
            for plan in find(seed, site, kind, PEOPLE):
                taken = capture(plan, present(plan), TILE)
                for tile in (taken.rgb, depth_tile(taken), infrared_tile(taken)):
                    sheet.paste(Image.fromarray(tile), (left, top))
                    left += TILE + GAP
                left += GAP
    _titles(pen, height)
    with write_whole(path) as temporary:
        sheet.save(temporary, format="PNG")


def find(seed: int, site: Site, kind: str, count: int) -> list[Plan]:
    """The first presentations of a kind at a site, each of another person."""
    if kind != BONA_FIDE and kind not in site.species:
        return []
    found: dict[str, Plan] = {}
    index = 0
    while len(found) < count:
        plan = make_plan(seed, site, site.species, index)
        if plan.kind == kind:
            found.setdefault(plan.subject.subject, plan)
        index += 1
    return list(found.values())


def depth_tile(taken: Capture) -> npt.NDArray[np.uint8]:
    """Depth as grey (H, H, 3)."""
    seen = taken.depth[taken.depth > 0]
    near = float(np.percentile(seen, 1)) if seen.size else 0.0
    share = np.clip((taken.depth - near) / DEPTH_SHOWN, 0, 1)
    return _grey(np.where(taken.depth > 0, 40 + 215 * (1 - share) ** 1.6, 0))


def infrared_tile(taken: Capture) -> npt.NDArray[np.uint8]:
    """Infrared as grey (H, H, 3)."""
    return _grey(taken.infrared.astype(np.float32) * (255 / np.iinfo(taken.infrared.dtype).max))


def _grey(values: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    return np.repeat(np.round(values).astype(np.uint8)[..., None], 3, axis=2)


def _titles(pen: ImageDraw.ImageDraw, height: int) -> None:
    big, small = ImageFont.load_default(24), ImageFont.load_default(16)
    pen.text((12, 12), "unmask simulator", INK, big)
    left = LEFT
    for site in SITES.values():
        pen.text((left, 42), f"site {site.name}", INK, small)
        for _ in range(PEOPLE):
            for title in ("RGB", "depth", "infrared"):
                pen.text((left, 64), title, FAINT, small)
                left += TILE + GAP
            left += GAP
    pen.text((12, height - 26), NOTE, FAINT, small)
