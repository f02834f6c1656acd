"""The people of a site: who they are, what they look like, and which split they belong to.

A person is fixed by (seed, site, number) alone. Splits are disjoint by person: of every five
numbers three are train, one dev, one eval.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from unmask.sim.heads import Floats, head_model
from unmask.sim.materials import HAIR_COLOURS, MELANIN_OF_TYPE

SPLITS = ("train", "train", "train", "dev", "eval")
HAIR_STYLES = ("shaved", "short", "medium", "long", "bun", "bald")
SKIN_TYPES = ("I", "II", "III", "IV", "V", "VI")
_HAIR_BY_TYPE = {
    0: ((0.05, 0.15, 0.25, 0.35, 0.15, 0.05)),
    1: ((0.12, 0.28, 0.30, 0.17, 0.06, 0.07)),
    2: ((0.35, 0.36, 0.17, 0.04, 0.02, 0.06)),
}
"""Chances of HAIR_COLOURS for skin types I, II and the rest (III to VI darken further below)."""


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
    freckles: float
    hair_style: str
    hair_colour: Floats  # (3,)
    beard: float
    """0 shaved, 0.5 stubble, 1 full."""
    eye_colour: Floats  # (3,)
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


def place_of(site: str) -> int:
    """A number of its own for each site name, for seeds."""
    return int.from_bytes(site.encode(), "big")


@lru_cache(maxsize=256)
def person(seed: int, site: str, number: int) -> Person:
    """Person ``number`` of a site."""
    entropy = (seed, place_of(site), 1, number)
    rng = np.random.default_rng(entropy)
    skin_type = (number // len(SPLITS) + number % len(SPLITS)) % len(SKIN_TYPES)
    femininity = float(rng.choice([-1, 1]) * rng.uniform(0.3, 1.0))
    age = float(rng.uniform(-1.6, 1.6))
    traits = np.array([femininity, age, rng.normal(0, 0.8)], np.float32)
    chance = np.clip(rng.standard_normal(len(head_model().residual)), -2.2, 2.2)
    masculine = femininity < 0
    style = ("shaved", "short", "short", "short", "medium", "bald") if masculine else (
        "short", "medium", "long", "long", "long", "bun")  # fmt: skip
    return Person(
        subject=f"{site}{number:03d}",
        split=SPLITS[number % len(SPLITS)],
        paint_seed=(*entropy, 7),
        identity=head_model().identity_of(traits, 0.85 * chance.astype(np.float32)),
        femininity=femininity,
        age=age,
        skin_type=skin_type,
        melanin=MELANIN_OF_TYPE[skin_type] * float(rng.uniform(0.82, 1.2)),
        blood=float(rng.uniform(0.20, 0.38)),
        freckles=float(rng.random() < 0.3) * float(rng.uniform(0.3, 1)),
        hair_style=str(rng.choice(style)),
        hair_colour=_hair_colour(rng, skin_type, age),
        beard=float(rng.choice([0, 0.25, 0.5, 0.8, 1.0], p=[0.3, 0.25, 0.2, 0.15, 0.1]))
        if masculine
        else 0.0,
        eye_colour=_eye_colour(rng, skin_type),
        glasses=bool(rng.random() < 0.2),
    )


def _hair_colour(rng: np.random.Generator, skin_type: int, age: float) -> Floats:
    chances = np.array(_HAIR_BY_TYPE[min(skin_type, 2)])
    if skin_type > 2:
        chances = np.array([0.8, 0.17, 0.02, 0.0, 0.0, 0.01])
    name = str(rng.choice(list(HAIR_COLOURS), p=chances))
    colour = np.array(HAIR_COLOURS[name]) * rng.uniform(0.75, 1.3)
    grey = float(np.clip((age - 0.5) * rng.uniform(0, 1.1), 0, 0.95))
    return np.asarray((1 - grey) * colour + grey * np.array(HAIR_COLOURS["grey"]), np.float32)


def _eye_colour(rng: np.random.Generator, skin_type: int) -> Floats:
    brown, hazel, blue, green = (
        (0.085, 0.042, 0.020), (0.15, 0.095, 0.040), (0.16, 0.24, 0.34), (0.15, 0.19, 0.12),
    )  # fmt: skip
    chances = {0: (0.2, 0.15, 0.5, 0.15), 1: (0.35, 0.25, 0.25, 0.15), 2: (0.7, 0.2, 0.05, 0.05)}
    p = chances.get(skin_type, (0.96, 0.04, 0.0, 0.0))
    colour = np.array([brown, hazel, blue, green])[rng.choice(4, p=p)]
    return np.asarray(colour * rng.uniform(0.7, 1.3), np.float32)
