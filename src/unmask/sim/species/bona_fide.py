"""A person in front of the lens."""

from __future__ import annotations

from unmask.sim.body.bust import bust, draw_look, pose
from unmask.sim.plan import Plan
from unmask.sim.stage import Presented, eyes_place


def present(plan: Plan) -> Presented:
    """The subject, looking at the lens or nearly so."""
    at, rng = plan.acquisition, plan.rng(0)
    look = draw_look(rng, plan.subject, at.yaw, at.pitch).later(plan.moment)
    parts, face = bust(plan.subject, look)
    points = pose(parts, face, (at.yaw, at.pitch, at.roll), eyes_place(at))
    return Presented(parts=parts, landmarks=points)
