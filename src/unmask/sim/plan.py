"""What a presentation will be, decided before anything is rendered.

Label, species and people come from one stream of random numbers, everything about the acquisition
from another: within a site the two are independent by construction, and sample i depends on (seed,
site, its species, i) alone. Labels come in shuffled blocks of two per species: half bona fide, half
attacks, evenly over species. Splits come in shuffled blocks of five per kind: three train, one dev,
one eval.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from unmask.sim.motion import STILL, Moment, moment
from unmask.sim.people import SPLITS, Person, attackers, person, place_of, split_members
from unmask.sim.sites import Site

BONA_FIDE = "bona_fide"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquisition:
    """Nuisance: drawn without looking at the label."""

    distance: float
    """Millimetres from lens to the middle of the eyes that are shown."""
    yaw: float
    pitch: float
    roll: float
    """Degrees."""
    across: float
    up: float
    """Where the face is in the frame, tangent of the angle."""
    margin: float
    shift: tuple[float, float]
    """Stray of the crop, share of its side."""
    infrared_gain: float
    infrared_ambient: float
    misregistration: tuple[float, float, float, float]
    """Offsets of depth and infrared (x, y, x, y), pixels of a 128-pixel crop."""
    session: int
    quality: int
    """JPEG quality."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One presentation at one moment."""

    key: str
    """Of the presentation; ``frame_key`` names one frame of it."""
    site: str
    seed: int
    index: int
    kind: str
    """bona_fide or the PAI species."""
    split: str
    subject: Person
    """Who is seen: the person, or whom the attack impersonates."""
    wearer: Person
    """Who stands there: the same person, or the attacker."""
    acquisition: Acquisition
    moment: Moment = STILL

    @property
    def seen(self) -> Person:
        """Whose face is seen, or copied: of a partial attack, most is the attacker's own."""
        return self.wearer if self.kind == "partial" else self.subject

    @property
    def first_distance(self) -> float:
        """Distance in frame 0, mm: what stands still stays where it was then."""
        return self.acquisition.distance + self.moment.move[2]

    @property
    def frame_key(self) -> str:
        """Name of this frame."""
        return f"{self.key}-{self.moment.frame:03d}"

    def rng(self, stream: int) -> np.random.Generator:
        """Random numbers of this presentation, the same in every frame.

        Streams do not disturb one another: 0 is for what is presented, 1 for light and the sensors'
        settings, 3 for the variant, 5 for the photograph, 6 for the surroundings; 2 is noise and 4
        motion.
        """
        return np.random.default_rng((self.seed, place_of(self.site), self.index, 10 + stream))

    def grain(self) -> np.random.Generator:
        """Random numbers of this frame alone: noise."""
        frame = self.moment.frame + 1
        return np.random.default_rng((self.seed, place_of(self.site), self.index, 12, frame))

    def pick(self, chances: Mapping[str, float]) -> str:
        """One of the variants of a species, by its chances; the same in every frame."""
        share = np.array(list(chances.values()), float)
        return str(self.rng(3).choice(list(chances), p=share / share.sum()))

    def frame(self, number: int) -> Plan:
        """The same presentation, ``number`` frames after its start."""
        assert self.moment is STILL, "frames are counted from the start"
        then = moment(
            np.random.default_rng((self.seed, place_of(self.site), self.index, 4)), number
        )
        at = self.acquisition
        right, up, near = then.move
        distance = max(at.distance - near, 200.0)
        moved = replace(
            at,
            distance=distance,
            yaw=at.yaw + then.turn[0],
            pitch=at.pitch + then.turn[1],
            roll=at.roll + then.turn[2],
            across=(at.across * at.distance + right) / distance,
            up=(at.up * at.distance + up) / distance,
        )
        return replace(self, acquisition=moved, moment=then) if number else self


def make_plan(seed: int, site: Site, species: tuple[str, ...], index: int) -> Plan:
    """Presentation ``index`` of a site."""
    place = place_of(site.name)
    kind, ordinal = _kind(seed, place, species, index)
    split = _split(seed, place, species.index(kind) + 1 if kind != BONA_FIDE else 0, ordinal)
    rng = np.random.default_rng((seed, place, index, 2))
    members = split_members(site.people, split)
    subject = int(rng.choice(members))
    other = int(rng.choice([n for n in attackers(members) if n != subject]))
    digest = hashlib.sha256(f"{seed}/{site.name}/{species}/{index}".encode()).hexdigest()
    return Plan(
        key=f"{site.name}-{digest[:12]}",
        site=site.name,
        seed=seed,
        index=index,
        kind=kind,
        split=split,
        subject=person(seed, site.name, subject, site.crowd),
        wearer=person(seed, site.name, subject if kind == BONA_FIDE else other, site.crowd),
        acquisition=draw_acquisition(np.random.default_rng((seed, place, index, 3)), site),
    )


def draw_acquisition(rng: np.random.Generator, site: Site) -> Acquisition:
    """Camera, pose and crop of one capture at a site."""
    offsets = rng.normal(0, site.misregistration, 4)
    return Acquisition(
        distance=float(rng.uniform(*site.distance)),
        yaw=float(np.clip(rng.normal(0, site.yaw), -32, 32)),
        pitch=float(np.clip(rng.normal(0, site.pitch), -18, 18)),
        roll=float(np.clip(rng.normal(0, site.roll), -15, 15)),
        across=float(rng.uniform(-0.12, 0.12)),
        up=float(rng.uniform(-0.10, 0.10)),
        margin=float(rng.uniform(*site.crop)),
        shift=(float(rng.normal(0, site.jitter / 2)), float(rng.normal(0, site.jitter / 2))),
        infrared_gain=float(rng.uniform(*site.infrared.gain)),
        infrared_ambient=float(rng.uniform(*site.infrared.ambient)),
        misregistration=(
            float(offsets[0]), float(offsets[1]), float(offsets[2]), float(offsets[3]),
        ),
        session=int(rng.integers(1, 4)),
        quality=int(rng.integers(site.colour.quality[0], site.colour.quality[1] + 1)),
    )  # fmt: skip


def _kind(seed: int, place: int, species: tuple[str, ...], index: int) -> tuple[str, int]:
    """Bona fide or which species, and how many of that kind came before."""
    each = len(species)
    block, position = divmod(index, 2 * each)
    order = np.random.default_rng((seed, place, block, 0)).permutation(2 * each)
    slot = int(order[position])
    if slot < each:
        return BONA_FIDE, block * each + int((order[:position] < each).sum())
    return species[slot - each], block


def _split(seed: int, place: int, kind: int, ordinal: int) -> str:
    block, position = divmod(ordinal, len(SPLITS))
    order = np.random.default_rng((seed, place, block, kind, 1)).permutation(len(SPLITS))
    return SPLITS[int(order[position])]
