"""Sites: places with their own sensors, light, crop, people and species.

A site is a frozen value; a new one is a new entry of SITES.
"""

from __future__ import annotations

from dataclasses import dataclass

from unmask.errors import ConfigError
from unmask.sim.optics.light import Lighting
from unmask.sim.people import Crowd
from unmask.sim.scene.room import Scene
from unmask.sim.sensors.cameras import ColourSensor, InfraredSensor
from unmask.sim.sensors.depth import DepthSensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything about an acquisition that has nothing to do with what is presented."""

    name: str
    place: str
    people: int
    crowd: Crowd
    species: tuple[str, ...]
    colour: ColourSensor
    depth: DepthSensor
    infrared: InfraredSensor
    distance: tuple[float, float]
    """Millimetres from lens to eyes."""
    yaw: float
    pitch: float
    roll: float
    """Standard deviations, degrees."""
    light: Lighting
    scene: Scene
    gap: tuple[float, float]
    """Millimetres from the face to the wall behind."""
    crop: tuple[float, float] = (0.95, 1.25)
    """Margin factor on the crop convention."""
    jitter: float = 0.05
    """How far a detector's crop strays, share of its side."""
    misregistration: float = 1.0
    """Standard deviation of depth and infrared against colour, pixels of a 128-pixel crop."""
    gate: float = 0.0
    """Remove what lies this far (mm) behind the face from depth; 0 keeps it."""
    cutout: bool = False
    """Cut the face out on black in every picture, as CASIA-SURF and CASIA-CeFA are distributed."""


SITES = {
    # an office: structured light at 850 nm, as the SR300 cameras of CASIA-SURF and WMCA
    "A": Site(
        name="A",
        place="an office",
        people=100,
        crowd=Crowd(age=(-1.2, 1.0)),
        species=(
            "print_flat", "print_bent", "print_cut", "replay", "mask_paper", "mask_flexible",
        ),
        colour=ColourSensor(cast=0.08, photons=(800, 6000)),
        depth=DepthSensor(
            principle="structured_light", focal=475.0, baseline=26.0, noise=0.8, step=0.6
        ),
        infrared=InfraredSensor(gain=(0.62, 0.88), bits=8),
        distance=(450, 800),
        yaw=10,
        pitch=6,
        roll=4,
        light=Lighting(kelvin=(3200, 6500), contrast=(0.45, 0.8)),
        scene="office",
        gap=(250, 1600),
        crop=(1.0, 1.2),
    ),
    # a corridor in the evening: time of flight, a cheap colour camera, no background in depth
    "B": Site(
        name="B",
        place="a corridor",
        people=100,
        crowd=Crowd(glasses=0.15),
        species=(
            "print_flat", "print_cloth", "replay", "mask_rigid", "mask_flexible", "partial",
        ),
        colour=ColourSensor(
            focal=620.0,
            key_level=(0.10, 0.22),
            cast=0.14,
            balance=(0.4, 0.75),
            blur=(0.7, 1.5),
            photons=(200, 1500),
            quality=(35, 75),
        ),
        depth=DepthSensor(
            principle="time_of_flight", focal=365.0, noise=1.6
        ),
        infrared=InfraredSensor(
            gain=(0.6, 0.95), bits=16, photons=700, ambient=(0.0, 0.1), blur=0.8
        ),
        distance=(550, 1050),
        yaw=14,
        pitch=8,
        roll=6,
        light=Lighting(kelvin=(2500, 4000), contrast=(0.5, 0.9), height=(30, 80)),
        scene="corridor",
        gap=(400, 3000),
        crop=(0.95, 1.25),
        gate=220.0,
    ),
    # a laboratory: good cameras, even light, faces cut out on black
    "C": Site(
        name="C",
        place="a laboratory",
        people=100,
        crowd=Crowd(age=(-1.6, 0.2), headwear=0.3),
        species=(
            "print_flat", "print_cut", "replay", "mask_paper", "mask_rigid", "mannequin",
        ),
        colour=ColourSensor(
            focal=1900.0, key_level=(0.2, 0.34), cast=0.04, blur=(0.25, 0.6), motion=0.6,
            photons=(4000, 15000), quality=(80, 98),
        ),
        depth=DepthSensor(
            principle="structured_light", focal=800.0, baseline=40.0, noise=0.5, step=0.3
        ),
        infrared=InfraredSensor(
            gain=(0.75, 0.95), bits=8, photons=4000, ambient=(0.0, 0.03), follow=1.7
        ),
        distance=(350, 600),
        yaw=7,
        pitch=5,
        roll=3,
        light=Lighting(
            kelvin=(4500, 6500), contrast=(0.2, 0.5), lamps=(2, 3), spread=(0.15, 0.35)
        ),
        scene="laboratory",
        gap=(600, 2000),
        crop=(0.85, 1.0),
        misregistration=0.5,
        cutout=True,
    ),
    # a gate outdoors: stereo depth and 940 nm against the sun, wide crops
    "D": Site(
        name="D",
        place="a gate outdoors",
        people=100,
        crowd=Crowd(headwear=2.0, glasses=0.25),
        species=(
            "print_bent", "print_cloth", "replay", "mask_flexible", "mask_rigid", "mannequin",
            "partial",
        ),
        colour=ColourSensor(
            focal=1400.0, key_level=(0.18, 0.38), cast=0.06, blur=(0.4, 1.0), motion=2.5
        ),
        depth=DepthSensor(principle="stereo", focal=600.0, baseline=55.0, noise=0.9, step=0.5),
        infrared=InfraredSensor(
            gain=(0.6, 1.0), bits=16, wavelength=940, photons=500, ambient=(0.08, 0.45), follow=1.0
        ),
        distance=(500, 1200),
        yaw=13,
        pitch=9,
        roll=5,
        light=Lighting(
            kelvin=(4800, 6000), contrast=(0.55, 0.9), lamps=(1, 1), spread=(0.005, 0.05),
            height=(10, 70), sky=1.8,
        ),
        scene="outdoors",
        gap=(1500, 6000),
        crop=(1.3, 1.7),
    ),
}  # fmt: skip


def find_sites(names: tuple[str, ...]) -> list[Site]:
    """Sites by name, each once."""
    unknown = [n for n in names if n not in SITES]
    if unknown or not names or len(set(names)) != len(names):
        given = ", ".join(names) or "none"
        raise ConfigError(f"sites are {given}; name each once, of: {', '.join(SITES)}")
    return [SITES[name] for name in names]
