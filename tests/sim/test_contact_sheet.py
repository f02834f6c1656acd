"""The contact sheet shows every kind at every site."""

from pathlib import Path

import numpy as np
from PIL import Image

from unmask.sim import contact_sheet
from unmask.sim.sites import SITES
from unmask.sim.species import KINDS


def test_sheet_has_a_row_for_every_kind(tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    contact_sheet.draw(path, seed=1)
    sheet = np.asarray(Image.open(path))
    step = contact_sheet.TILE + contact_sheet.GAP
    assert sheet.shape[0] >= contact_sheet.TOP + len(KINDS) * step
    for row in range(len(KINDS)):
        top = contact_sheet.TOP + row * step
        tile = sheet[top : top + contact_sheet.TILE, contact_sheet.LEFT :][:, : contact_sheet.TILE]
        assert tile.std() > 10  # a picture, not paper


def test_each_presentation_on_the_sheet_is_of_another_person() -> None:
    for kind in KINDS:
        found = contact_sheet.find(0, SITES["A"], kind, 4)
        assert len({p.subject.subject for p in found}) == 4
        assert {p.kind for p in found} == {kind}
