"""A person in front of the lens."""

from __future__ import annotations

from unmask.sim.bust import bust, draw_look, pose
from unmask.sim.draw import Draw
from unmask.sim.stage import Presented, eyes_place


def present(drawn: Draw) -> Presented:
    """The subject, looking at the lens or nearly so."""
    at, rng = drawn.acquisition, drawn.rng(0)
    look = draw_look(rng, drawn.subject, at.yaw, at.pitch)
    parts, skull = bust(drawn.subject, look)
    points = pose(parts, skull.face_points(), (at.yaw, at.pitch, at.roll), eyes_place(at))
    return Presented(parts=parts, face_points=points)
