"""Sites: places with their own sensors, light, crop, people and species.

A site is a frozen value; a new one is a new entry of SITES.
"""

from __future__ import annotations

from dataclasses import dataclass

from unmask.errors import ConfigError
from unmask.sim.depth_sensors import DepthSensor
from unmask.sim.sensors import ColourSensor, InfraredSensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything about an acquisition that has nothing to do with what is presented."""

    name: str
    people: int
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
    kelvin: tuple[float, float]
    contrast: tuple[float, float]
    """Share of all light that comes from lamps rather than from everywhere."""
    gap: tuple[float, float]
    """Millimetres from the face to the wall behind."""
    crop: tuple[float, float] = (0.95, 1.25)
    """Margin factor on the crop convention."""
    jitter: float = 0.05
    """How far a detector's crop strays, share of its side."""
    misregistration: float = 1.0
    """Standard deviation of depth and infrared against colour, pixels of a 128-pixel crop."""
    gate: float = 0.0
    """Remove what lies this far (mm) behind the face from depth and infrared; 0 keeps it."""


SITES = {
    "A": Site(
        name="A",
        people=100,
        species=("print_flat", "replay", "mask_flexible"),
        colour=ColourSensor(cast=0.08, photons=(800, 6000)),
        depth=DepthSensor(
            principle="structured_light", focal=260.0, baseline=26.0, noise=0.8, step=0.6
        ),
        infrared=InfraredSensor(gain=(0.55, 0.85), bits=8),
        distance=(450, 800),
        yaw=10,
        pitch=6,
        roll=4,
        kelvin=(3200, 6500),
        contrast=(0.45, 0.8),
        gap=(250, 1600),
        crop=(1.0, 1.2),
    ),
    "B": Site(
        name="B",
        people=100,
        species=("print_flat", "replay", "mask_flexible"),
        colour=ColourSensor(
            key_level=(0.12, 0.26),
            cast=0.11,
            balance=(0.3, 0.8),
            blur=(0.5, 1.2),
            photons=(300, 2500),
            quality=(40, 85),
        ),
        depth=DepthSensor(
            principle="time_of_flight", focal=220.0, baseline=12.0, noise=1.6, step=1.0
        ),
        infrared=InfraredSensor(gain=(0.8, 1.3), bits=16, photons=700, ambient=(0.0, 0.2)),
        distance=(550, 1050),
        yaw=14,
        pitch=8,
        roll=6,
        kelvin=(2700, 7500),
        contrast=(0.3, 0.9),
        gap=(400, 3000),
        crop=(0.95, 1.25),
        gate=220.0,
    ),
}


def find_sites(names: tuple[str, ...]) -> list[Site]:
    """Sites by name, each once."""
    unknown = [n for n in names if n not in SITES]
    if unknown or not names or len(set(names)) != len(names):
        given = ", ".join(names) or "none"
        raise ConfigError(f"sites are {given}; name each once, of: {', '.join(SITES)}")
    return [SITES[name] for name in names]
