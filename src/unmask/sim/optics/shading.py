"""Light on what the rays met, in colour and in infrared.

    colour   = emission + albedo * (ambient * openness + sum over lights of light * shadow * cos)
               + sheen (Blinn-Phong lobe with Schlick's Fresnel) + mirrored surroundings
    infrared = the same with one illuminator beside the lens, falling off as 1 / distance^2

Light that enters skin comes out elsewhere, red the farthest: the cosine is softened per channel.

Axes: N points on surfaces. Inside, vectors and colours lie as (3, N): numpy is fast along N.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from unmask.sim.body.heads import Floats
from unmask.sim.optics.light import InfraredLight, RoomLight
from unmask.sim.optics.materials import Paint, reflectance_at
from unmask.sim.optics.tracing import Hits

SOFTENING = np.array([0.42, 0.16, 0.10], np.float32)
SOFTENING_INFRARED = np.float32(0.35)
"""Skin's share of light that wraps round the terminator."""


def shade_colour(hits: Hits, light: RoomLight) -> Floats:
    """Linear radiance (P, P, 3) under the lights of a room."""
    paint, facing = hits.paint, hits.facing
    normal, view = _columns(hits.normal), _view(hits)
    fresnel = paint.specular + (1 - paint.specular) * _fifth(1 - facing) * np.square(
        1 - paint.roughness
    )
    mirrored_up = 2 * facing * normal[1] - view[1]
    ambient = light.ambient.astype(np.float32)[:, None]
    diffuse = ambient * (paint.openness * (0.55 + 0.45 * normal[1]))  # more light from above
    sheen = ambient * (fresnel * paint.openness * (0.5 + 0.5 * mirrored_up))
    soft = SOFTENING[:, None] * paint.softness  # (3, N)
    share = 1 / ((1 + soft) * (1 + 0.5 * soft))
    for lamp in light.lamps:
        direction = (lamp.direction / np.linalg.norm(lamp.direction)).astype(np.float32)
        cosine, across = (_dot(direction[:, None], a) for a in (normal, view))
        reaching = shadow(hits, direction, lamp.spread)
        colour = lamp.colour.astype(np.float32)[:, None]
        diffuse += colour * (np.maximum(cosine + soft, 0) * share * (reaching + 0.1 * soft))
        sheen += colour * (_lobe(paint, facing, across, cosine) * reaching)
    radiance = _columns(paint.emission) + _columns(paint.colour) * diffuse + sheen
    return hits.picture(np.ascontiguousarray(radiance.T))


def shade_infrared(hits: Hits, light: InfraredLight) -> Floats:
    """Linear radiance (P, P) under an illuminator beside the lens, 1 = white at 600 mm."""
    paint, normal = hits.paint, _columns(hits.normal)
    reflectance = reflectance_at(light.wavelength, paint.infrared, paint.kind)
    to_lamp = _columns(light.position.astype(np.float32) - hits.position)
    distance = np.sqrt(_dot(to_lamp, to_lamp))
    to_lamp /= distance
    cosine, across = _dot(normal, to_lamp), _dot(_view(hits), to_lamp)
    soft = SOFTENING_INFRARED * paint.softness
    lit = np.maximum((cosine + soft) / (1 + soft), 0)
    lobe = _lobe(paint, hits.facing, across, cosine)
    ambient = np.float32(light.ambient) * paint.openness * (0.6 + 0.4 * normal[1])
    fall = np.square(600 / distance)
    return hits.picture(fall * (reflectance * lit + lobe) + reflectance * ambient)


def _lobe(paint: Paint, facing: Floats, across: Floats, cosine: Floats) -> Floats:
    """Blinn-Phong highlight (N,), normalised, times the cosine between normal and lamp.

    ``facing`` and ``across`` are the cosines of the line of sight with normal and lamp: the vector
    half way between lens and lamp is their sum over its length, sqrt(2 + 2 across).
    """
    length = np.sqrt(np.maximum(2 + 2 * across, 1e-6))
    peak = np.clip((facing + cosine) / length, 1e-6, 1)
    grazing = paint.specular + (1 - paint.specular) * _fifth(1 - 0.5 * length)
    sharpness = 2 / np.square(np.square(np.maximum(paint.roughness, 0.05))) - 2
    power = np.exp(sharpness * np.log(peak))  # np.power crawls where the result is tiny
    return np.asarray(grazing * ((sharpness + 2) / 8) * power * np.clip(cosine, 0, 1))


def shadow(hits: Hits, direction: Floats, spread: float) -> Floats:
    """Share of a lamp's light that reaches each point (N,): one ray each, then a small blur.

    One ray for every second row and column of samples is enough, as the blur is wider than that.
    """
    few = hits.source.reshape(hits.side, hits.side)[::2, ::2]
    width = max(3, hits.side // 85 | 1)  # odd; a fixed share of the picture
    met = np.flatnonzero(few >= 0)
    at = few.ravel()[met]
    start = np.take(hits.position, at, axis=0) + 1.5 * np.take(hits.normal, at, axis=0)
    ray = direction + np.float32(spread) * np.take(_over_lamp(len(few), width), met, axis=0)
    light = np.ones(few.size, np.float32)
    light[met] = hits.scene.run(start, ray, query="OCCLUDED") == -1
    once = cv2.blur(light.reshape(few.shape), (width, width))
    whole = cv2.resize(cv2.blur(once, (width, width)), (2 * len(few), 2 * len(few)))[
        : hits.side, : hits.side
    ]
    reaching = np.ones(len(hits.position) + 1, np.float32)
    reaching[hits.source] = whole.ravel()
    return reaching[:-1]


@cache
def _over_lamp(side: int, width: int) -> Floats:
    """Where on a lamp the rays of a picture go (side^2, 3), one standard deviation each way.

    Each tile of width x width goes to points that lie evenly on a sphere, so a blur of that width
    meets the whole lamp.
    """
    count = width * width
    number = np.random.default_rng(0).permutation(count) + 0.5
    height, turn = 1 - 2 * number / count, number * np.pi * (3 - np.sqrt(5))
    reach = np.sqrt(1 - height**2)
    sphere = np.sqrt(3) * np.stack([reach * np.cos(turn), reach * np.sin(turn), height], axis=1)
    times = -(-side // width)
    tiles = np.tile(sphere.reshape(width, width, 3), (times, times, 1))[:side, :side]
    return np.ascontiguousarray(tiles.reshape(-1, 3), np.float32)


def _fifth(a: Floats) -> Floats:
    """Fifth power, as Schlick's Fresnel has it."""
    square = a * a
    return square * square * a


def _view(hits: Hits) -> Floats:
    """Unit vectors (3, N) towards the lens."""
    position = _columns(hits.position)
    return position / -np.sqrt(_dot(position, position))


def _columns(a: Floats) -> Floats:
    """Rows (N, 3) as columns (3, N)."""
    return np.ascontiguousarray(a.T)


def _dot(a: Floats, b: Floats) -> Floats:
    """Column by column: (3, N), (3, N) -> (N,)."""
    product = a * b
    return np.asarray(product[0] + product[1] + product[2])
