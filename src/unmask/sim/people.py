"""The people of a site: who they are, what they look like, and which split they belong to.

A person is fixed by (seed, site, number) and by who comes to that site. Splits are disjoint by
person: of every five numbers three are train, one dev, one eval.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from unmask.sim.body.heads import Floats, head_model
from unmask.sim.optics.materials import HAIR_COLOURS, MELANIN_OF_TYPE

SPLITS = ("train", "train", "train", "dev", "eval")
HAIR_STYLES = {  # chance of each style: masculine, feminine, and either with tightly curled hair
    "crop": (0.28, 0.02, 0.22), "side_part": (0.22, 0.0, 0.0), "swept_back": (0.12, 0.0, 0.0),
    "curly": (0.10, 0.08, 0.12), "shaved": (0.12, 0.01, 0.22), "bald": (0.11, 0.0, 0.05),
    "pixie": (0.02, 0.10, 0.02), "bob": (0.01, 0.20, 0.03), "long": (0.01, 0.25, 0.03),
    "wavy": (0.01, 0.20, 0.05), "bun": (0.0, 0.08, 0.06), "top_knot": (0.0, 0.06, 0.04),
    "afro": (0.0, 0.0, 0.16),
}  # fmt: skip
HEADWEAR = {  # chance: masculine, feminine
    "cap": (0.07, 0.03), "beanie": (0.05, 0.04), "headscarf": (0.0, 0.08),
}  # fmt: skip
TIGHT_CURLS = (0.0, 0.0, 0.02, 0.10, 0.55, 0.85)
"""Share of skin types I to VI with tightly curled hair."""
SKIN_TYPES = ("I", "II", "III", "IV", "V", "VI")
_HAIR_BY_TYPE = {
    0: ((0.05, 0.15, 0.25, 0.35, 0.15, 0.05)),
    1: ((0.12, 0.28, 0.30, 0.17, 0.06, 0.07)),
    2: ((0.35, 0.36, 0.17, 0.04, 0.02, 0.06)),
}
"""Chances of HAIR_COLOURS for skin types I, II and the rest (III to VI darken further below)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Who comes to a site."""

    age: tuple[float, float] = (-1.6, 1.6)
    """Youngest and oldest, on the scale of ``Person.age``."""
    glasses: float = 0.2
    """Share of people."""
    headwear: float = 1.0
    """How much likelier (or rarer) than HEADWEAR says."""


ANYONE = Crowd()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Person:
    """An enrolled person."""

    subject: str
    split: str
    paint_seed: tuple[int, ...]
    identity: Floats  # (K,)
    femininity: float
    """-1 masculine, 1 feminine presentation."""
    age: float
    """About -1.7 (20 years) to 1.7 (75 years)."""
    skin_type: int
    """0 to 5 for Fitzpatrick I to VI."""
    melanin: float
    blood: float
    undertone: float
    """Carotene: 0 rosy, 1 golden."""
    freckles: float
    hair_style: str
    hair_colour: Floats  # (3,)
    grey: float
    """Share of grey hair."""
    forehead: float
    """How much higher than usual the hair begins, mm."""
    recession: float
    """0 a full hairline, 1 bare temples."""
    headwear: str
    """A key of HEADWEAR, or empty."""
    beard: float
    """0 shaved, 0.5 stubble, 1 full."""
    eye_colour: Floats  # (3,)
    pupil_glow: float
    """Reflectance of the pupils at 850 nm under a lamp beside the lens."""
    glasses: bool

    @property
    def sex_presentation(self) -> str:
        """How the head reads, for reports by group."""
        return "feminine" if self.femininity > 0 else "masculine"

    @property
    def age_group(self) -> str:
        """Young, middle or old, for reports by group."""
        return "young" if self.age < -0.5 else "middle" if self.age < 0.7 else "old"


def split_members(count: int, split: str) -> list[int]:
    """Numbers of a site's people that belong to a split."""
    return [n for n in range(count) if SPLITS[n % len(SPLITS)] == split]


def skin_type_of(number: int) -> int:
    """0 to 5 for Fitzpatrick I to VI: even in every split."""
    return (number // len(SPLITS) + number % len(SPLITS)) % len(SKIN_TYPES)


def attackers(members: list[int]) -> list[int]:
    """Those of a split who present attacks: two of each skin type, as few do in real sets."""
    return [
        number
        for skin_type in range(len(SKIN_TYPES))
        for number in [n for n in members if skin_type_of(n) == skin_type][:2]
    ]


def place_of(site: str) -> int:
    """A number of its own for each site name, for seeds."""
    return int.from_bytes(site.encode(), "big")


@lru_cache(maxsize=256)
def person(seed: int, site: str, number: int, crowd: Crowd = ANYONE) -> Person:
    """Person ``number`` of a site."""
    entropy = (seed, place_of(site), number, 0, 1)  # five words: no presentation has these
    rng = np.random.default_rng(entropy)
    skin_type = skin_type_of(number)
    femininity = float(rng.choice([-1, 1]) * rng.uniform(0.3, 1.0))
    age = float(rng.uniform(*crowd.age))
    traits = np.array([femininity, age, rng.normal(0, 0.8)], np.float32)
    chance = np.clip(rng.standard_normal(len(head_model().residual)), -2.2, 2.2)
    masculine = femininity < 0
    hair_colour, grey = _hair_colour(rng, skin_type, age)
    return Person(
        subject=f"{site}{number:03d}",
        split=SPLITS[number % len(SPLITS)],
        paint_seed=(*entropy, 7),
        identity=head_model().identity_of(traits, 0.85 * chance.astype(np.float32)),
        femininity=femininity,
        age=age,
        skin_type=skin_type,
        melanin=MELANIN_OF_TYPE[skin_type]
        * float(rng.uniform(0.85, 1.3 if skin_type == 5 else 1.2)),
        blood=float(rng.uniform(0.18, 0.32)),
        undertone=float(rng.uniform(0, 1)),
        freckles=float(rng.random() < (0.35, 0.3, 0.15, 0.08, 0.03, 0.02)[skin_type])
        * float(rng.uniform(0.3, 1)),
        hair_style=_hair_style(rng, skin_type, age, masculine=masculine),
        hair_colour=hair_colour,
        grey=grey,
        forehead=float(rng.normal(0, 3.5)),
        recession=float(np.clip(rng.normal(0.25 + 0.25 * age, 0.3), 0, 1)) * masculine,
        headwear=_headwear(rng, crowd.headwear, masculine=masculine),
        beard=float(rng.choice([0, 0.25, 0.5, 0.8, 1.0], p=[0.3, 0.25, 0.2, 0.15, 0.1]))
        if masculine
        else 0.0,
        eye_colour=_eye_colour(rng, skin_type),
        pupil_glow=float(rng.choice([0.08, rng.uniform(0.2, 0.5)], p=[0.55, 0.45])),
        glasses=bool(rng.random() < crowd.glasses),
    )


def _hair_style(rng: np.random.Generator, skin_type: int, age: float, *, masculine: bool) -> str:
    curls = rng.random() < TIGHT_CURLS[skin_type]
    chance = np.array([c[0 if masculine else 1] * (1 - curls) + c[2] * curls
                       for c in HAIR_STYLES.values()])  # fmt: skip
    names = list(HAIR_STYLES)
    if masculine:
        chance[[names.index(n) for n in ("bun", "top_knot", "bob", "long", "wavy")]] *= 0.3
        chance[names.index("bald")] *= np.exp(0.9 * age)
    else:
        chance[[names.index(n) for n in ("bald", "shaved")]] *= 0.1
    return str(rng.choice(names, p=chance / chance.sum()))


def _headwear(rng: np.random.Generator, more: float, *, masculine: bool) -> str:
    chance = [more * c[0 if masculine else 1] for c in HEADWEAR.values()]
    return str(rng.choice([*HEADWEAR, ""], p=[*chance, 1 - sum(chance)]))


def _hair_colour(rng: np.random.Generator, skin_type: int, age: float) -> tuple[Floats, float]:
    """The colour that hair grew up with, and the share that has gone grey."""
    chances = np.array(_HAIR_BY_TYPE[min(skin_type, 2)])
    if skin_type > 2:
        chances = np.array([0.8, 0.17, 0.02, 0.0, 0.0, 0.01])
    name = str(rng.choice(list(HAIR_COLOURS), p=chances))
    colour = np.array(HAIR_COLOURS[name]) * rng.uniform(0.75, 1.3)
    grey = float(np.clip((age - 0.3) * rng.uniform(0, 1.3), 0, 1))
    return colour.astype(np.float32), grey


def _eye_colour(rng: np.random.Generator, skin_type: int) -> Floats:
    brown, hazel, blue, green = (
        (0.055, 0.028, 0.014), (0.15, 0.095, 0.040), (0.16, 0.24, 0.34), (0.15, 0.19, 0.12),
    )  # fmt: skip
    chances = {0: (0.2, 0.15, 0.5, 0.15), 1: (0.35, 0.25, 0.25, 0.15), 2: (0.7, 0.2, 0.05, 0.05)}
    p = chances.get(skin_type, (0.96, 0.04, 0.0, 0.0))
    colour = np.array([brown, hazel, blue, green])[rng.choice(4, p=p)]
    return np.asarray(colour * rng.uniform(0.7, 1.3), np.float32)
