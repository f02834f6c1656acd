"""What time does to a presentation: a face turns, blinks and talks, a hand trembles, paper gives.

Every law is a sum of a few slow sines drawn once per presentation, so any frame can be made without
those before it. Nothing has moved in frame 0. Heads and held things are carried by the same drift,
so that motion as such says nothing about the label; what differs is what moves besides: lids and
lips of a living face, the tremor of a hand, the flex of a sheet.

Source: blinks last 0.1 to 0.4 s, 10 to 20 a minute; the tremor of a hand is 8 to 12 Hz; amplitudes
are inferred.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unmask.sim.body.heads import Floats

FRAMES_PER_SECOND = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What has changed since frame 0."""

    frame: int = 0
    turn: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Yaw, pitch and roll, degrees."""
    move: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Right, up and towards the lens, mm."""
    tremor: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """What a hand adds to the turn of a held thing, degrees."""
    flex: float = 0.0
    """How far a held sheet bends more (or less) than it did, share of its bend."""
    blink: float = 0.0
    """0 as before, 1 lids closed."""
    talk: float = 0.0
    """0 as before, 1 jaw as open as in loud speech."""
    smile: float = 0.0
    """Change of the smile, -1 to 1."""
    glance: tuple[float, float] = (0.0, 0.0)
    """Change of the gaze, left and up, radians."""


STILL = Moment()


def moment(rng: np.random.Generator, frame: int) -> Moment:
    """Frame ``frame`` of the presentation whose motion ``rng`` draws."""
    t = frame / FRAMES_PER_SECOND
    turn = _drift(rng, t, (4.0, 2.5, 1.5), (0.15, 0.5))
    move = _drift(rng, t, (9.0, 7.0, 12.0), (0.1, 0.45))
    tremor = _drift(rng, t, (0.35, 0.35, 0.25), (8.0, 12.0))
    flex, smile = _drift(rng, t, (0.25, 0.2), (0.3, 0.9))
    glance = _drift(rng, t, (0.06, 0.03), (0.2, 0.7))
    blink = _blink(rng, t)
    talks = rng.random() < 0.3
    talk = abs(float(_drift(rng, t, (0.6,), (1.5, 3.0))[0]))
    return Moment(
        frame=frame,
        turn=(float(turn[0]), float(turn[1]), float(turn[2])),
        move=(float(move[0]), float(move[1]), float(move[2])),
        tremor=(float(tremor[0]), float(tremor[1]), float(tremor[2])),
        flex=float(flex),
        blink=blink if frame else 0.0,
        talk=talk if talks else 0.0,
        smile=float(smile),
        glance=(float(glance[0]), float(glance[1])),
    )


def _drift(
    rng: np.random.Generator, t: float, size: tuple[float, ...], hertz: tuple[float, float]
) -> Floats:
    """Change since t = 0 of three sines per axis, standard deviation ``size``."""
    shape = (len(size), 3)
    rate, phase = rng.uniform(*hertz, shape), rng.uniform(0, 2 * np.pi, shape)
    height = rng.rayleigh(np.array(size)[:, None] / np.sqrt(3), shape)
    wave = np.sin(2 * np.pi * rate * t + phase) - np.sin(phase)
    return np.asarray((height * wave).sum(axis=1), np.float32)


def _blink(rng: np.random.Generator, t: float) -> float:
    """How closed the lids are: one blink every few seconds, a quarter of a second long."""
    every, first, length = rng.uniform(2.5, 5.0), rng.uniform(0.15, 3.0), rng.uniform(0.2, 0.35)
    since = (t - first) % every if t >= first else np.inf
    return float(np.sin(np.pi * since / length)) if since < length else 0.0
