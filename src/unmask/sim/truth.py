"""What was really there: the answers that no sensor gives, for teaching and auxiliary losses.

Axes: H pixels per side of the crop, L landmarks (heads.LANDMARKS), N samples that were hit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from unmask.sim.body.heads import Floats
from unmask.sim.optics.filters import nearest
from unmask.sim.optics.light import InfraredLight, RoomLight
from unmask.sim.optics.tracing import Hits, Window


@dataclass(slots=True, kw_only=True)
class Truth:
    """The scene behind one set of pictures, aligned with the colour picture."""

    depth: Floats  # (H, H) float32, mm along the optical axis; 0: nothing
    normal: Floats  # (H, H, 3) float32, unit, x right, y up, z to the camera
    material: npt.NDArray[np.uint8]  # (H, H) values of materials.Kind
    landmarks: Floats  # (L, 2) float32, pixels, x right and y down, top left corner 0
    lamp_direction: Floats  # (K, 3) float32, unit, from the scene to each room lamp
    lamp_colour: Floats  # (K, 3) float32, linear RGB
    ambient: Floats  # (3,) float32, linear RGB
    infrared_lamp: Floats  # (3,) float32, mm from the lens
    infrared_ambient: float

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """As arrays, to be stored by name."""
        return {
            "depth": self.depth,
            "normal": self.normal.astype(np.float16),
            "material": self.material,
            "landmarks": self.landmarks,
            "lamp_direction": self.lamp_direction,
            "lamp_colour": self.lamp_colour,
            "ambient": self.ambient,
            "infrared_lamp": self.infrared_lamp,
            "infrared_ambient": np.array([self.infrared_ambient], np.float32),
        }


def truth_of(
    hits: Hits,
    window: Window,
    landmarks: Floats,
    lights: tuple[RoomLight, InfraredLight],
    side: int,
) -> Truth:
    """Read off the traced scene what is true at each pixel."""
    room, beam = lights
    directions = [lamp.direction / np.linalg.norm(lamp.direction) for lamp in room.lamps]
    flat = window.project(landmarks)  # (L, 2)
    return Truth(
        depth=nearest(hits.picture(-hits.position[:, 2]), side),
        normal=nearest(hits.picture(hits.normal), side),
        material=nearest(hits.picture(hits.paint.kind), side).astype(np.uint8),
        landmarks=np.stack([1 + flat[:, 0], 1 - flat[:, 1]], axis=1) * np.float32(side / 2),
        lamp_direction=np.array(directions, np.float32),
        lamp_colour=np.array([lamp.colour for lamp in room.lamps], np.float32),
        ambient=room.ambient,
        infrared_lamp=beam.position,
        infrared_ambient=beam.ambient,
    )
