"""Sites: places with their own sensors, light, crop, people and species.

Four are for the protocols; three others, with other devices, wider ranges and more people, are for
pretraining, so that a backbone has not been where its users are judged. A site is a frozen value; a
new one is a new entry.
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
"""Where protocols learn and judge."""

NURSERIES = {
    # homes, with telephones: dots at 940 nm, warm lamps, any distance that an arm allows
    "E": Site(
        name="E",
        place="a home",
        people=400,
        crowd=Crowd(),
        species=(
            "print_flat", "print_bent", "print_cut", "replay", "mask_paper", "mask_flexible",
            "mask_rigid",
        ),
        colour=ColourSensor(
            focal=1100.0, key_level=(0.12, 0.36), cast=0.12, balance=(0.5, 0.95),
            blur=(0.3, 1.0), motion=2.0, photons=(400, 9000), quality=(50, 97),
        ),
        depth=DepthSensor(
            principle="structured_light", focal=560.0, baseline=32.0, noise=0.9, step=0.45
        ),
        infrared=InfraredSensor(
            gain=(0.55, 0.95), bits=16, wavelength=940, photons=1000, ambient=(0.0, 0.12)
        ),
        distance=(300, 900),
        yaw=14,
        pitch=9,
        roll=7,
        light=Lighting(kelvin=(2400, 6500), contrast=(0.3, 0.9), height=(-10, 80)),
        scene="office",
        gap=(200, 3500),
        crop=(0.9, 1.5),
    ),
    # a shop counter: time of flight with its background, mixed light
    "F": Site(
        name="F",
        place="a shop",
        people=400,
        crowd=Crowd(glasses=0.3, headwear=1.5),
        species=(
            "print_flat", "print_cloth", "print_cut", "replay", "mask_rigid", "mask_paper",
            "partial", "mannequin",
        ),
        colour=ColourSensor(
            focal=800.0, key_level=(0.14, 0.32), cast=0.10, balance=(0.4, 0.9),
            blur=(0.4, 1.3), photons=(300, 5000), quality=(40, 95),
        ),
        depth=DepthSensor(principle="time_of_flight", focal=430.0, noise=1.2),
        infrared=InfraredSensor(
            gain=(0.6, 0.95), bits=8, photons=1200, ambient=(0.0, 0.2), blur=0.6, follow=1.5
        ),
        distance=(450, 1000),
        yaw=12,
        pitch=7,
        roll=5,
        light=Lighting(
            kelvin=(3000, 6000), contrast=(0.3, 0.8), lamps=(1, 4), spread=(0.05, 0.3), sky=1.3
        ),
        scene="corridor",
        gap=(300, 3500),
        crop=(0.9, 1.4),
    ),
    # a lecture hall: stereo indoors, with the background taken from depth
    "G": Site(
        name="G",
        place="a lecture hall",
        people=400,
        crowd=Crowd(age=(-1.6, 0.8), glasses=0.3),
        species=(
            "print_bent", "print_cloth", "print_flat", "replay", "mask_flexible", "mannequin",
            "partial",
        ),
        colour=ColourSensor(
            focal=1300.0, key_level=(0.16, 0.34), cast=0.08, blur=(0.3, 0.9), motion=1.8,
            photons=(800, 12000),
        ),
        depth=DepthSensor(principle="stereo", focal=700.0, baseline=65.0, noise=0.7, step=0.6),
        infrared=InfraredSensor(
            gain=(0.65, 0.98), bits=8, photons=2500, ambient=(0.0, 0.1), follow=1.4
        ),
        distance=(400, 1100),
        yaw=12,
        pitch=8,
        roll=5,
        light=Lighting(kelvin=(3500, 6500), contrast=(0.2, 0.8), lamps=(1, 4)),
        scene="laboratory",
        gap=(400, 4000),
        crop=(0.85, 1.5),
        gate=300.0,
    ),
}  # fmt: skip
"""Where backbones learn, and nobody is judged."""

EVERY_SITE = SITES | NURSERIES


def find_sites(names: tuple[str, ...]) -> list[Site]:
    """Sites by name, each once."""
    unknown = [n for n in names if n not in EVERY_SITE]
    if unknown or not names or len(set(names)) != len(names):
        given = ", ".join(names) or "none"
        raise ConfigError(f"sites are {given}; name each once, of: {', '.join(EVERY_SITE)}")
    return [EVERY_SITE[name] for name in names]
