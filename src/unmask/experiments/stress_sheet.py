"""What each corruption makes of one presentation, on one sheet: a row each, mild to severe.

Pictures of sensors that a corruption leaves alone are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from unmask.files import write_whole
from unmask.sim.tiles import depth_tile, infrared_tile
from unmask.transforms.corruptions import Corruption, generator
from unmask.types import Images, Modality, Sample

TILE, GAP, BETWEEN = 160, 4, 16
"""Pixels: a picture, the space to the next one, the further space to the next level."""
LEFT, TOP, BELOW = 190, 40, 26
"""Pixels: names of rows, the line on top, the line under each row."""
INK, FAINT, PAPER = (25, 28, 33), (112, 117, 124), (250, 250, 248)


def draw(
    sample: Sample, images: Images, corruptions: Sequence[Corruption], *, seed: int, path: Path
) -> None:
    """Write the sheet as PNG; the pictures are those that a model is shown, before its own size."""
    shown = [modality for modality in Modality if modality in images]
    wide = len(shown) * (TILE + GAP) + BETWEEN
    columns = max((len(corruption.levels) for corruption in corruptions), default=1)
    row = TILE + BELOW + GAP
    size = LEFT + columns * wide, TOP + (len(corruptions) + 1) * row
    sheet = Pillow.new("RGB", size, PAPER)
    pen = ImageDraw.Draw(sheet)
    large, small = (ImageFont.load_default(points) for points in (17, 14))

    def paste(pictures: Images, left: int, top: int) -> None:
        for column, modality in enumerate(shown):
            if modality in pictures:
                tile = Pillow.fromarray(_tile(pictures, modality)).resize((TILE, TILE))
                sheet.paste(tile, (left + column * (TILE + GAP), top))

    pen.text((12, 10), f"{sample.dataset} {sample.key}", INK, large)
    pen.text((12, TOP + 4), "clean", INK, large)
    paste(images, LEFT, TOP)
    for number, corruption in enumerate(corruptions, start=1):
        top = TOP + number * row
        pen.text((12, top + 4), corruption.name, INK, large)
        for severity, level in enumerate(corruption.levels, start=1):
            left = LEFT + (severity - 1) * wide
            rng = generator(seed, sample, corruption.name)
            changed = corruption.corrupt(images, level, rng)
            paste({m: changed[m] for m in shown if m in corruption.modalities}, left, top)
            pen.text((left, top + TILE + 4), corruption.told(severity), FAINT, small)
    with write_whole(path) as temporary:
        sheet.save(temporary, format="PNG")


def _tile(pictures: Images, modality: Modality) -> npt.NDArray[np.uint8]:
    """(H, W, 3) as people can read it."""
    picture = pictures[modality]
    if modality is Modality.RGB:
        return np.asarray(picture, np.uint8)
    if modality is Modality.DEPTH:
        return depth_tile(np.rint(picture).astype(np.uint16))
    return infrared_tile(np.rint(picture * 255).astype(np.uint8))
