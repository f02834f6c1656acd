"""Things that hang on walls and stand in streets, drawn flat as reflectance in colour and infrared.

A canvas is a view of what lies behind a face. Lengths are millimetres, x to the right and y up from
the level of the face. Its four channels are red, green, blue and 850 nm; above 1 a thing gives off
light: a window by day, a lamp, the sky. What the eye takes for dark need not be dark at 850 nm:
leaves and most dyes are bright there, carbon black, glass, water and the clear sky are not.

Axes: H pixels per side of a canvas, N places in it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from unmask.sim.body.heads import Floats
from unmask.sim.body.skin import sample

Tone = tuple[float, float, float, float]
"""Reflectance: red, green, blue, 850 nm."""
SIDE = 320
BRIGHTEST = 2.5
"""What a byte of 255 stands for; bytes are as the square root, for finer steps in the dark."""
MATTE = 0.92
"""Nothing that only scatters light returns more than this."""
FINE = 4  # bits of a pixel's fraction that cv2 is given


class Canvas:
    """A square picture to draw on, seen from one point."""

    def __init__(self, half: float, tone: Tone) -> None:
        """``half`` the side in mm, all of one tone."""
        self.scale = SIDE / (2 * half)
        self.half = half
        self.pixels = np.empty((SIDE, SIDE, 4), np.uint8)
        self.pixels[:] = coded(tone)

    def polygon(self, points: Sequence[tuple[float, float]], tone: Tone) -> None:
        """Fill an outline."""
        at = np.array(points) * (self.scale, -self.scale) + SIDE / 2 - 0.5
        fixed = np.round(at * 2**FINE).astype(np.int32)
        cv2.fillPoly(self.pixels, [fixed], coded(tone), cv2.LINE_AA, FINE)

    def box(self, left: float, bottom: float, width: float, height: float, tone: Tone) -> None:
        """Fill an upright rectangle."""
        middle, scale = SIDE / 2, self.scale
        start = round(middle + left * scale), round(middle - (bottom + height) * scale)
        end = round(middle + (left + width) * scale) - 1, round(middle - bottom * scale) - 1
        if end[0] >= start[0] and end[1] >= start[1]:
            cv2.rectangle(self.pixels, start, end, coded(tone), -1)

    def disc(self, x: float, y: float, radius: float, tone: Tone, flat: float = 1.0) -> None:
        """Fill a circle, or an ellipse ``flat`` times as high as wide."""
        centre = np.array([x * self.scale, -y * self.scale]) + SIDE / 2 - 0.5
        axes = np.array([radius, radius * flat]) * self.scale
        at = np.round(np.concatenate([centre, axes]) * 2**FINE).astype(int).tolist()
        cv2.ellipse(
            self.pixels, at[:2], at[2:], 0, 0, 360, coded(tone), -1, cv2.LINE_AA, FINE
        )  # fmt: skip

    def line(
        self, start: tuple[float, float], end: tuple[float, float], mm: float, tone: Tone
    ) -> None:
        """Draw a bar ``mm`` wide."""
        along = np.subtract(end, start)
        across = np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-6) * mm / 2
        corners = [start - across, start + across, end + across, end - across]
        self.polygon([(float(x), float(y)) for x, y in corners], tone)

    def finish(self, rng: np.random.Generator, unevenness: float, sigma: float) -> None:
        """Uneven light and wear, then the blur (pixels) of a lens focused on the face."""
        coarse = 1 + unevenness * rng.standard_normal((5, 5), dtype=np.float32)
        fine = 0.35 * unevenness * rng.standard_normal((80, 80), dtype=np.float32)
        shade = cv2.resize(coarse, (80, 80), interpolation=cv2.INTER_CUBIC) + fine
        whole = cv2.resize(np.clip(128 * shade, 0, 255).astype(np.uint8), (SIDE, SIDE))
        even = cv2.multiply(self.pixels, cv2.merge([whole] * 4), scale=1 / 128)
        self.pixels = np.asarray(cv2.GaussianBlur(even, (0, 0), sigma), np.uint8)

    def look_up(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Colour (N, 3) and infrared (N,) at places (N,) and (N,) in mm; edges go on for ever."""
        middle = SIDE / 2 - 0.5
        root = sample(self.pixels, x * self.scale + middle, middle - y * self.scale)
        light = root * root * np.float32(BRIGHTEST / 255**2)
        return light[:, :3], np.minimum(light[:, 3], MATTE)


def coded(tone: Tone) -> list[float]:
    """Reflectance as the bytes of a canvas."""
    return [255 * math.sqrt(min(max(t, 0.0), BRIGHTEST) / BRIGHTEST) for t in tone]


def muted(rng: np.random.Generator, low: float, high: float) -> Floats:
    """A reflectance as rooms and clothes have it: mostly near grey, now and then a strong hue.

    Warm and cold hues are commoner than green and purple.
    """
    level, share = rng.random(2).tolist()
    strength = 0.05 if share < 0.5 else 0.12 if share < 0.85 else 0.3
    grey = low * (high / low) ** level
    warm, leaf, rest = (strength * n for n in rng.standard_normal(3).tolist())
    shades = (warm + 0.4 * rest, 0.5 * leaf + 0.4 * rest, 0.4 * rest - warm)
    hues = (grey * math.exp(shade) for shade in shades)
    return np.array([min(max(h, 0.01), 0.92) for h in hues], np.float32)


def tone(
    rng: np.random.Generator, low: float, high: float, darkest: float, brightest: float
) -> Tone:
    """A muted colour between two levels, and any infrared level between another two."""
    red, green, blue = muted(rng, low, high).tolist()
    return red, green, blue, rng.uniform(darkest, brightest)


def like(rng: np.random.Generator, base: Tone, spread: float = 0.15) -> Tone:
    """A lighter or darker shade of the same material."""
    factor = math.exp(spread * rng.standard_normal())
    most = MATTE if max(base) <= 1 else BRIGHTEST
    red, green, blue, infrared = (min(v * factor, most) for v in base)
    return red, green, blue, infrared


WOOD: Tone = (0.26, 0.16, 0.085, 0.55)
LEAF: Tone = (0.060, 0.125, 0.035, 0.50)
SOIL: Tone = (0.10, 0.07, 0.05, 0.25)
PAPER: Tone = (0.78, 0.77, 0.73, 0.80)
INK: Tone = (0.03, 0.03, 0.035, 0.10)
STEEL: Tone = (0.36, 0.37, 0.38, 0.40)
PLASTIC: Tone = (0.02, 0.02, 0.022, 0.07)
GLASS: Tone = (0.06, 0.08, 0.10, 0.05)
DAYLIGHT: Tone = (1.5, 1.7, 1.95, 0.06)
LAMP: Tone = (2.4, 2.3, 2.0, 0.10)


def shelf(canvas: Canvas, rng: np.random.Generator, left: float, width: float) -> None:
    """Boards with books, binders and gaps."""
    board = like(rng, WOOD if rng.random() < 0.6 else PAPER)
    red, green, blue, infrared = board
    back = (0.45 * red, 0.45 * green, 0.45 * blue, 0.7 * infrared)  # in the boards' shade
    spacing = rng.uniform(270, 350)
    bottom = -canvas.half - rng.uniform(0, spacing)
    canvas.box(left, -canvas.half, width, 2 * canvas.half, back)
    while bottom < canvas.half:
        x = left + 20
        while x < left + width - 40:
            thick = rng.uniform(14, 55) + 2 / canvas.scale  # never thinner than 2 pixels
            tall = rng.uniform(0.55, 0.9) * spacing
            if rng.random() < 0.86:
                spine = tone(rng, 0.03, 0.6, 0.12, 0.75)
                canvas.box(x, bottom, thick - 2, tall, spine)
                canvas.box(x, bottom + 0.75 * tall, thick - 2, 0.08 * tall, like(rng, spine, 0.7))
            x += thick
        bottom += spacing
        canvas.box(left, bottom - 22, width, 22, board)
    for side in (left, left + width - 20):
        canvas.box(side, -canvas.half, 20, 2 * canvas.half, board)


def poster(canvas: Canvas, rng: np.random.Generator, left: float, width: float) -> None:
    """A framed picture or a bill: a few fields, a title, lines of print."""
    width, height = 0.8 * width, 0.8 * width * rng.uniform(1.0, 1.45)
    bottom = rng.uniform(-0.7, 0.1) * height
    canvas.box(left - 12, bottom - 12, width + 24, height + 24, tone(rng, 0.02, 0.5, 0.1, 0.6))
    canvas.box(left, bottom, width, height, tone(rng, 0.25, 0.85, 0.5, 0.85))
    for _ in range(int(rng.integers(2, 6))):
        w, h = rng.uniform(0.15, 0.7) * width, rng.uniform(0.08, 0.4) * height
        x, y = left + rng.uniform(0, width - w), bottom + rng.uniform(0, height - h)
        canvas.box(x, y, w, h, tone(rng, 0.03, 0.7, 0.3, 0.85))
    for k in range(int(rng.integers(0, 7))):
        y = bottom + height * (0.08 + 0.045 * k)
        canvas.box(left + 0.1 * width, y, width * rng.uniform(0.4, 0.8), 0.015 * height, INK)


def window(canvas: Canvas, rng: np.random.Generator, left: float, width: float) -> None:
    """Daylight behind a frame; a blind or a curtain covers some of it."""
    bottom, top = -rng.uniform(200, 700), canvas.half
    frame = like(rng, PAPER, 0.2)
    canvas.box(left, bottom, width, top - bottom, frame)
    glow = like(rng, DAYLIGHT, 0.3)
    pane = (width - 120) / 2
    for x in (left + 40, left + 80 + pane):
        canvas.box(x, bottom + 40, pane, top - bottom, glow)
    kind = rng.random()
    if kind < 0.35:
        slat = like(rng, PAPER, 0.25)
        step = rng.uniform(45, 70)
        for y in np.arange(bottom + rng.uniform(40, 600), top, step):
            canvas.box(left + 25, float(y), width - 50, 0.6 * step, slat)
    elif kind < 0.7:
        cloth = tone(rng, 0.08, 0.75, 0.45, 0.85)
        drawn = rng.uniform(0.2, 0.6) * width
        for fold in np.arange(left - 60, left + drawn, 45.0):
            canvas.box(float(fold), -canvas.half, 46, 2 * canvas.half, like(rng, cloth, 0.18))


def door(canvas: Canvas, rng: np.random.Generator, left: float, width: float) -> None:
    """A door with its case and handle, or a cupboard."""
    leaf = like(rng, WOOD, 0.5) if rng.random() < 0.5 else tone(rng, 0.2, 0.8, 0.4, 0.8)
    high = 2 * canvas.half
    canvas.box(left - 60, -canvas.half, width + 120, high, like(rng, leaf, 0.3))
    canvas.box(left, -canvas.half, width, high, leaf)
    if rng.random() < 0.5:
        shade = like(rng, leaf, 0.25)
        for bottom in (-canvas.half, -150.0):
            canvas.box(left + 0.14 * width, bottom + 60, 0.72 * width, canvas.half - 200, shade)
    handle = left + (0.92 if rng.random() < 0.5 else 0.08) * width
    canvas.line((handle - 60, -480), (handle + 60, -480), 22, STEEL)


def board(canvas: Canvas, rng: np.random.Generator, left: float, width: float) -> None:
    """A white board with writing, or cork with papers."""
    bottom, height = rng.uniform(-500, -150), rng.uniform(700, 1100)
    cork = rng.random() < 0.5
    ground = like(rng, (0.36, 0.24, 0.13, 0.55) if cork else PAPER, 0.1)
    canvas.box(left - 18, bottom - 18, width + 36, height + 36, like(rng, STEEL, 0.3))
    canvas.box(left, bottom, width, height, ground)
    for _ in range(int(rng.integers(4, 12))):
        x, y = left + rng.uniform(0, 0.75) * width, bottom + rng.uniform(0, 0.75) * height
        if cork:
            canvas.box(
                x, y, rng.uniform(70, 210), rng.uniform(80, 297), tone(rng, 0.4, 0.85, 0.6, 0.85)
            )
        else:
            canvas.line(
                (x, y),
                (x + rng.normal(0, 180), y + rng.normal(0, 60)),
                9,
                tone(rng, 0.03, 0.2, 0.1, 0.7),
            )


def plant(canvas: Canvas, rng: np.random.Generator, left: float, width: float) -> None:
    """A pot plant on the floor: leaves that are dark to the eye and bright at 850 nm."""
    x, base = left + width / 2, -rng.uniform(300, 700)
    canvas.line((x, base), (x, -canvas.half - 100), 90, like(rng, SOIL, 0.4))
    for _ in range(int(rng.integers(22, 45))):
        angle, reach = rng.uniform(0.15, 2.95), rng.uniform(0.4, 1.2) * width
        tip = np.array([x + reach * np.cos(angle), base + reach * np.sin(angle) * 1.5])
        mid = 0.55 * tip + 0.45 * np.array([x, base]) + np.array([0, 0.15 * reach])
        across = np.array([np.sin(angle), -np.cos(angle)]) * reach * rng.uniform(0.03, 0.10)
        outline = [(x, base), mid - across, tip, mid + across]
        canvas.polygon([(float(a), float(b)) for a, b in outline], like(rng, LEAF, 0.3))


def rack(canvas: Canvas, rng: np.random.Generator, left: float, width: float) -> None:
    """Instruments: dark fronts with displays, knobs and small lights."""
    canvas.box(left, -canvas.half, width, 2 * canvas.half, like(rng, STEEL, 0.4))
    bottom = -canvas.half + rng.uniform(0, 100)
    while bottom < canvas.half:
        height = float(rng.choice([90.0, 135.0, 180.0]))
        front = like(rng, PLASTIC, 0.3) if rng.random() < 0.6 else tone(rng, 0.2, 0.6, 0.3, 0.6)
        canvas.box(left + 15, bottom, width - 30, height - 8, front)
        canvas.box(
            left + 0.1 * width,
            bottom + 25,
            0.3 * width,
            height - 60,
            like(rng, (0.05, 0.3, 0.35, 0.05), 0.6),
        )
        for k in range(int(rng.integers(2, 6))):
            canvas.disc(
                left + width * (0.5 + 0.08 * k), bottom + height / 2, 13, like(rng, STEEL, 0.5)
            )
        bottom += height


def boxes(canvas: Canvas, rng: np.random.Generator, left: float, width: float) -> None:
    """Steel shelves with cartons."""
    bottom = -canvas.half + rng.uniform(-200, 0)
    while bottom < canvas.half:
        x = left
        while x < left + width:
            w, h = rng.uniform(120, 260), rng.uniform(110, 300)
            carton = like(rng, (0.36, 0.25, 0.14, 0.6), 0.2)
            canvas.box(
                x, bottom, w - 8, h, carton if rng.random() < 0.6 else tone(rng, 0.1, 0.8, 0.3, 0.8)
            )
            x += w
        bottom += 380
        canvas.box(left - 20, bottom - 25, width + 40, 25, STEEL)
    for post in (left - 20, left + width):
        canvas.box(post, -canvas.half, 25, 2 * canvas.half, like(rng, STEEL, 0.3))


def tree(canvas: Canvas, rng: np.random.Generator, x: float, size: float) -> None:
    """A trunk from the ground and a crown of leaves in sun and shade, about ``size`` high."""
    canvas.line(
        (x, -0.3 * size),
        (x + rng.normal(0, 0.05) * size, 0.6 * size),
        0.07 * size,
        like(rng, SOIL, 0.3),
    )
    crown = like(rng, LEAF, 0.3)
    for a, b, light, wide in rng.standard_normal((60, 4)):
        sunlit = max(0.7 + 0.25 * b + 0.2 * light, 0.25)
        red, green, blue, infrared = (sunlit * c for c in crown)
        radius = size * (0.05 + 0.015 * wide)
        place = x + 0.17 * a * size, (0.66 + 0.16 * b) * size
        canvas.disc(*place, max(radius, 0.02 * size), (red, green, blue, infrared), 0.8)


def building(
    canvas: Canvas, rng: np.random.Generator, left: float, width: float, height: float
) -> None:
    """A front with rows of windows, from the street up."""
    wall = tone(rng, 0.15, 0.7, 0.25, 0.55)
    canvas.box(left, -0.1 * height, width, 1.1 * height, wall)
    rows, columns = int(rng.integers(3, 8)), int(rng.integers(2, 7))
    across, up = width / columns, height / rows
    for number in range(rows * columns):
        row, column = divmod(number, columns)
        left_of, bottom = left + across * (column + 0.22), up * (row + 0.25)
        canvas.box(left_of, bottom, 0.56 * across, 0.55 * up, like(rng, GLASS, 0.4))
