"""Names and rows: what a presentation, or one frame of it, is called on disk and in the manifest.

The manifest has one row per frame: identity, paths, truth, then attributes for reports by group.
"""

from __future__ import annotations

from dataclasses import replace

from unmask.sim.motion import Moment
from unmask.sim.people import SKIN_TYPES
from unmask.sim.plan import BONA_FIDE, Plan
from unmask.sim.species import variant
from unmask.types import SIMULATED


def files_of(key: str, *, truth: bool = False) -> dict[str, str]:
    """Manifest column -> path of what is written about one frame, relative to the folder."""
    images = {
        "rgb": f"images/{key}_rgb.jpg",
        "depth": f"images/{key}_depth.png",
        "infrared": f"images/{key}_infrared.png",
    }
    return images | ({"truth": f"truth/{key}.npz"} if truth else {})


def key_of(plan: Plan, frames: int) -> str:
    """What a frame is called: by the presentation alone, where that is a single picture."""
    return plan.key if frames == 1 else plan.frame_key


def keys_of(plan: Plan, frames: int) -> list[str]:
    """What all frames of a presentation are called."""
    return [key_of(replace(plan, moment=Moment(frame=k)), frames) for k in range(frames)]


def manifest_row(plan: Plan, *, frames: int = 1, truth: bool = False) -> dict[str, object]:
    """One row: a frame of a presentation that has so many ``frames``."""
    bona_fide = plan.kind == BONA_FIDE
    at = plan.acquisition
    key = key_of(plan, frames)
    return {
        "key": key,
        "presentation": plan.key,
        "frame": plan.moment.frame,
        **files_of(key, truth=truth),
        "label": BONA_FIDE if bona_fide else "attack",
        "pai_species": None if bona_fide else plan.kind,
        "pai_variant": variant(plan) or None,
        "subject": plan.subject.subject,
        "attacker": None if bona_fide else plan.wearer.subject,
        "site": plan.site,
        "dataset": SIMULATED,
        "split": plan.split,
        "skin_type": SKIN_TYPES[plan.seen.skin_type],
        "sex_presentation": plan.seen.sex_presentation,
        "age_group": plan.seen.age_group,
        "distance_mm": round(at.distance),
        "yaw": round(at.yaw, 1),
        "session": str(at.session),
    }
