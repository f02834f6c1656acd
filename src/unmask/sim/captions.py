"""A sentence or two in English about a presentation, one text for each sensor.

Everything is read off the plan, so it is true; nothing is told that the sensor's picture does not
show; which phrasing is used is drawn once for each presentation. For image-text pretraining.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from unmask.sim.body.bust import Look, draw_look
from unmask.sim.optics.materials import HAIR_COLOURS
from unmask.sim.people import Person
from unmask.sim.plan import BONA_FIDE, Acquisition, Plan
from unmask.sim.sites import EVERY_SITE, Site
from unmask.sim.species import variant
from unmask.sim.wording import AGE, BEARD, BESIDE, HAIR, HEADWEAR, INSTRUMENTS, PERSON, SEX, SKIN
from unmask.types import Modality

PORTRAITS = ("print_flat", "print_bent", "print_cloth", "replay")
"""Species that show a whole photograph of the subject."""
ROOMY = 1.25
"""From which margin on a crop shows the hair above a face."""
STREAM = 9
"""Of the presentation's random numbers: the choice of words."""
CAMERAS = {
    Modality.RGB: ("colour image", "colour camera"),
    Modality.DEPTH: ("depth image", "depth camera"),
    Modality.INFRARED: ("infrared image", "infrared camera"),
}
OPENINGS = (
    "This {image} of a {verdict} shows {what}, {pose}.",
    "In this {verdict}, the {camera} sees {what}, {pose}.",
    "The {image} shows {what}, {pose}: a {verdict}.",
    "{What}, {pose}, is before the {camera}; this is a {verdict}.",
)


def captions(frames: Sequence[Plan]) -> dict[Modality, str]:
    """What each sensor's pictures of one presentation show; ``frames`` are its moments."""
    first = frames[0]
    rng, look = first.rng(STREAM), look_of(first)
    words = INSTRUMENTS[first.kind][variant(first)] if look is None else PERSON
    who, face = _who(first, look, colour=True), _who(first, look, colour=False)
    told = {}
    for modality, (image, camera) in CAMERAS.items():
        what = getattr(words, modality).format(who=who, face=face)
        sentence = str(rng.choice(OPENINGS)).format(
            image=image,
            camera=camera,
            what=what,
            What=_capital(what),
            pose=_pose(first.acquisition, modality),
            verdict="presentation attack" if look is None else "bona fide presentation",
        )
        clauses = [c for c in _clauses(frames, look, modality) if c]
        told[modality] = f"{sentence} {_capital(_joined(clauses))}." if clauses else sentence
    return told


def _pose(at: Acquisition, modality: Modality) -> str:
    """How what is shown is turned; only depth knows how far away it is."""
    away = f", about {at.distance / 10:.0f} cm away" if modality is Modality.DEPTH else ""
    return pose_words(at) + away


def pose_words(at: Acquisition) -> str:
    """How what is shown is turned; left and right are those of the picture."""
    words = []
    if abs(at.yaw) >= 6:
        far = "" if abs(at.yaw) >= 16 else "slightly "
        words.append(f"turned {far}to the {'right' if at.yaw > 0 else 'left'}")
    if abs(at.pitch) >= 8:
        words.append("tilted down" if at.pitch > 0 else "tilted up")
    return " and ".join(words) or "facing the camera"


def look_of(plan: Plan) -> Look | None:
    """What a bona fide person does, drawn as species/bona_fide.py draws it; None for an attack."""
    at = plan.acquisition
    return (
        draw_look(plan.rng(0), plan.subject, at.yaw, at.pitch) if plan.kind == BONA_FIDE else None
    )


def hair_colour(person: Person) -> str:
    """The name of the nearest colour of hair."""
    if person.grey > 0.6:
        return "grey"
    away = {n: np.abs(np.log(person.hair_colour / c)).sum() for n, c in HAIR_COLOURS.items()}
    name = min(away, key=lambda n: float(away[n])).replace("_", " ")
    return f"greying {name}" if person.grey > 0.25 else name


def _who(plan: Plan, look: Look | None, *, colour: bool) -> str:
    """The person whose face is seen, with what the picture shows of the head."""
    person = plan.seen
    traits = [f"{SKIN[person.skin_type]} skin"] if colour else []
    if look is not None or plan.kind in PORTRAITS:
        traits += [words for least, words in BEARD if person.beard >= least][:1]
        roomy = look is not None and plan.acquisition.margin >= ROOMY
        if not EVERY_SITE[plan.site].cutout:
            traits += _head_words(person, roomy=roomy, colour=colour)
    if look is not None and look.glasses:
        traits.append("glasses")
    kind = f"{AGE[person.age_group]} {SEX[person.sex_presentation]}"
    article = "an" if kind[0] in "aeiou" else "a"
    return f"{article} {kind}" + (f" with {_joined(traits)}" if traits else "")


def _head_words(person: Person, *, roomy: bool, colour: bool) -> list[str]:
    """Headwear or hair, as far as a tight or a roomy crop shows it."""
    if person.headwear:
        return [HEADWEAR[person.headwear]]
    if person.hair_style in BESIDE or roomy:
        return [HAIR[person.hair_style].format(f"{hair_colour(person)} " if colour else "")]
    return []


def _clauses(frames: Sequence[Plan], look: Look | None, modality: Modality) -> list[str]:
    """What else is to be seen, as main clauses."""
    site, at = EVERY_SITE[frames[0].site], frames[0].acquisition
    clauses = []
    if look is not None and modality is not Modality.DEPTH:
        clauses.append(_expression(frames, look.expression))
    if np.ptp([plan.acquisition.yaw for plan in frames]) >= 5:
        clauses.append("it turns while it is filmed" if look is None else "the head turns")
    if modality is Modality.RGB:
        clauses.append(_light(site))
    if modality is Modality.INFRARED and at.infrared_ambient > 0.3:
        clauses.append("daylight adds to the infrared lamp")
    if site.cutout or (modality is Modality.DEPTH and site.gate):
        clauses.append("the background is removed")
    return clauses


def _expression(frames: Sequence[Plan], face: Mapping[str, float]) -> str:
    """What a living face does."""
    if max(plan.moment.talk for plan in frames) > 0.3:
        return "the person talks"
    if max(plan.moment.blink for plan in frames) > 0.5:
        return "the person blinks"
    smile = face.get("smile_left", 0.0)
    if smile >= 0.2:
        return "the person smiles" if smile >= 0.45 else "the person smiles slightly"
    if face.get("jaw_open", 0.0) >= 0.1:
        return "the mouth is slightly open"
    still = all(v < 0.12 for n, v in face.items() if n not in ("blink", "wide"))
    return "the expression is neutral" if still else ""


def _light(site: Site) -> str:
    """What kind of light the site has, where all of its range is of that kind."""
    light = site.light
    if light.spread[1] <= 0.06:
        return "the light is hard"
    if light.contrast[1] <= 0.5:
        return "the light is soft"
    return "the light is warm" if light.kelvin[1] <= 4000 else ""


def _joined(words: Sequence[str]) -> str:
    """One, two, or many with commas and an "and"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
