"""``unmask show simulator``: what the simulator makes, on one sheet.

The contact sheet has a row per kind of presentation and columns by site and sensor; the film strip
has a row per kind and so many frames of one presentation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from unmask.config import ShowConfig
from unmask.errors import ConfigError
from unmask.files import write_whole
from unmask.sim.motion import FRAMES_PER_SECOND
from unmask.sim.plan import BONA_FIDE, Plan, make_plan
from unmask.sim.sites import SITES, Site
from unmask.sim.species import SPECIES, present, variant
from unmask.sim.stage import capture
from unmask.sim.tiles import Pixels, tiles

TILE, GAP, BETWEEN = 184, 4, 14
"""Pixels: a picture, the space to the next one, the further space to the next site."""
LEFT, TOP, BELOW = 150, 118, 20
"""Pixels: row labels, titles, and the line under each row."""
ROW = TILE + BELOW + GAP
INK, FAINT, PAPER, BLANK = (25, 28, 33), (112, 117, 124), (250, 250, 248), (238, 238, 235)
NOTE = (
    "Simulated: nobody here exists. Depth is lit like a plaster cast; near is light, the blue is "
    "where the sensor saw nothing. Infrared is shown with a gamma of 1.6."
)
FILM_NOTE = f"Simulated: nobody here exists. {FRAMES_PER_SECOND:.0f} frames a second."


def draw(config: ShowConfig) -> Path:
    """Draw the sheet that is asked for to a PNG."""
    every = (BONA_FIDE, *SPECIES)
    kinds = config.species or every
    if not set(kinds) <= set(every) or len(set(kinds)) < len(kinds):
        raise ConfigError(f"species are {', '.join(kinds)}; name each once, of: {', '.join(every)}")
    sheet = _film(config, kinds) if config.frames > 1 else _contacts(config, kinds)
    with write_whole(config.out) as temporary:
        sheet.save(temporary, format="PNG")
    return config.out


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


def _contacts(config: ShowConfig, kinds: tuple[str, ...]) -> Image.Image:
    wide = config.people * 3 * (TILE + GAP) + BETWEEN
    sheet = _Sheet(columns=len(SITES) * wide - BETWEEN, kinds=kinds, note=NOTE)
    for number, site in enumerate(SITES.values()):
        left = LEFT + number * wide
        sheet.write(left, 44, f"site {site.name}: {site.place}", 20)
        sheet.write(left, 70, site_words(site), 15, FAINT)
        for column in range(3 * config.people):
            title = ("RGB", "depth", "infrared")[column % 3]
            sheet.write(left + column * (TILE + GAP), TOP - 24, title, 15, FAINT)
        for row, kind in enumerate(kinds):
            plans = find(config.seed, site, kind, config.people)
            if not plans:
                sheet.leave_blank(left, row, wide - BETWEEN - GAP, "not made at this site")
            for place, plan in enumerate(plans):
                at = left + 3 * place * (TILE + GAP)
                for column, pixels in enumerate(_pictures(plan)):
                    sheet.paste(at + column * (TILE + GAP), row, pixels)
                sheet.write(at, TOP + row * ROW + TILE + 2, _below(plan), 13, FAINT)
    return sheet.image


def _film(config: ShowConfig, kinds: tuple[str, ...]) -> Image.Image:
    sheet = _Sheet(columns=config.frames * (TILE + GAP), kinds=kinds, note=FILM_NOTE)
    for number in range(config.frames):
        sheet.write(LEFT + number * (TILE + GAP), TOP - 24, f"frame {number}", 15, FAINT)
    for row, kind in enumerate(kinds):
        plan = next(p for site in SITES.values() for p in find(config.seed, site, kind, 1))
        for number in range(config.frames):
            pixels = _pictures(plan.frame(number))[0]
            sheet.paste(LEFT + number * (TILE + GAP), row, pixels)
        text = f"site {plan.site}  {_below(plan)}"
        sheet.write(LEFT, TOP + row * ROW + TILE + 2, text, 13, FAINT)
    return sheet.image


def site_words(site: Site) -> str:
    """What tells a site from the others: its sensors, and how it looks at faces."""
    background = "cut out" if site.cutout else "no background" if site.gate else "with background"
    near, far = (round(d / 10) for d in site.distance)
    principle = site.depth.principle.replace("_", " ")
    return f"{principle}, {site.infrared.wavelength} nm, {near} to {far} cm, {background}"


def _pictures(plan: Plan) -> tuple[Pixels, Pixels, Pixels]:
    return tiles(capture(plan, present(plan), TILE))


def _below(plan: Plan) -> str:
    return f"{plan.subject.subject}  {variant(plan)}".strip()


@dataclass(slots=True, kw_only=True)
class _Sheet:
    """Paper with a labelled row for each kind."""

    columns: int
    """Pixels beside the labels."""
    kinds: tuple[str, ...]
    note: str
    image: Image.Image = field(init=False)

    def __post_init__(self) -> None:
        height = TOP + len(self.kinds) * ROW + 30
        self.image = Image.new("RGB", (LEFT + self.columns + 12, height), PAPER)
        self.write(12, 8, "unmask simulator", 24)
        self.write(12, height - 26, self.note, 15, FAINT)
        for row, kind in enumerate(self.kinds):
            label = kind.replace("_", "\n", 1 if kind != BONA_FIDE else 0)
            self.write(12, TOP + row * ROW + TILE // 2 - 24, label.replace("_", " "), 20)

    def write(
        self, left: int, top: int, text: str, size: int, colour: tuple[int, int, int] = INK
    ) -> None:
        pen = ImageDraw.Draw(self.image)
        pen.text((left, top), text, colour, ImageFont.load_default(size))

    def paste(self, left: int, row: int, pixels: Pixels) -> None:
        self.image.paste(Image.fromarray(pixels), (left, TOP + row * ROW))

    def leave_blank(self, left: int, row: int, width: int, text: str) -> None:
        top = TOP + row * ROW
        area = (left, top, left + width - 1, top + TILE - 1)
        ImageDraw.Draw(self.image).rectangle(area, BLANK)
        self.write(left + width // 2 - 70, top + TILE // 2 - 10, text, 15, FAINT)
