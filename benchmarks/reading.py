"""How fast pictures become model input, beside the loop over cv2 that published code reads with.

    python benchmarks/reading.py [--count 64] [--repetitions 7]

A triple is a colour JPEG, a 16-bit depth PNG and an 8-bit infrared PNG of 224 x 224 pixels. The
loop does what the loaders of Flex-Modal-FAS and its successors do: ``cv2.imread`` of each as three
channels, ``cv2.resize`` to 224, a random mirror image, a random turn (augmented only), ``(x -
127.5) / 128``, three tensors; it throws away the low bits of depth. Ours is ``data.Presentations``:
checked decoding to the last pixel, units, one geometry for all sensors, light of each. The third
pair starts from raw face crops of 480 x 480 pixels, which the loop reads in every epoch, and
``unmask prepare --cropped`` once, before.

All cases run in one process with one thread, in turn, each repetition in another order, after one
round that does not count; compared are medians. Two readers on two cores do twice of both.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import polars as pl
import torch
from latency import Cases, measure, metadata, summary

from unmask.config import AugmentConfig, CropConfig, PrepareConfig
from unmask.data import Presentations
from unmask.datasets.manifest import index
from unmask.files import write_text
from unmask.preparing.run import prepare
from unmask.serving.examples import photographs
from unmask.transforms.normalize import Preprocessing
from unmask.types import Modality, Sample

RESULT = Path(__file__).parent / "results" / "reading.json"
THREE = (Modality.RGB, Modality.DEPTH, Modality.INFRARED)
SIDE, RAW_SIDE = 224, 480
AIM = 2.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--count", type=int, default=64, help="triples that are read in one run")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seconds = measure(cases(folder, given.count), given.repetitions, torch.device("cpu"))
    rate = {name: given.count / statistics.median(runs) for name, runs in seconds.items()}
    result = {
        "triples_per_second": rate,
        "ours / loop": {kind: rate[f"{kind}, ours"] / rate[f"{kind}, loop"] for kind in KINDS},
        "aim": AIM,
        "seconds": {name: summary(runs) for name, runs in seconds.items()},
        "metadata": metadata(torch.device("cpu"), 1, given.repetitions)
        | {
            "command": f"python benchmarks/reading.py --count {given.count} "
            f"--repetitions {given.repetitions}",
            "opencv": cv2.__version__,
        },
    }
    write_text(given.out, json.dumps(result, indent=2) + "\n")
    print(json.dumps({key: result[key] for key in ("triples_per_second", "ours / loop")}, indent=2))


KINDS = ("plain", "augmented", "raw crops and prepared ones, augmented")


def cases(folder: Path, count: int) -> Cases:
    """Both ways to read the same pictures."""
    small = index(draw(folder / "small", count, SIDE))
    large = draw(folder / "large", count, RAW_SIDE)
    settings = PrepareConfig(
        root=large, out=folder / "out", cropped=True, poor="keep", crop=CropConfig(side=SIDE)
    )
    prepared = index(prepare(settings).folder)
    plain, augmented, from_raw = KINDS
    return {
        f"{plain}, loop": partial(loop, small, augment=False),
        f"{plain}, ours": partial(ours, small, augment=False),
        f"{augmented}, loop": partial(loop, small, augment=True),
        f"{augmented}, ours": partial(ours, small, augment=True),
        f"{from_raw}, loop": partial(loop, index(large), augment=True),
        f"{from_raw}, ours": partial(ours, prepared, augment=True),
    }


def loop(samples: list[Sample], *, augment: bool) -> None:
    """As published loaders do it."""
    rng = np.random.default_rng(0)
    for sample in samples:
        mirrored, angle = rng.random() < 0.5, rng.uniform(-10, 10)
        for path in sample.paths.values():
            picture = cv2.resize(cv2.imread(str(path)), (SIDE, SIDE))
            if augment:
                turn = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), angle, 1)
                picture = cv2.warpAffine(picture, turn, (SIDE, SIDE))
                picture = cv2.flip(picture, 1) if mirrored else picture
            values = (picture[..., ::-1].transpose(2, 0, 1) - 127.5) / 128
            torch.from_numpy(values.astype(np.float32))


def ours(samples: list[Sample], *, augment: bool) -> None:
    """As ``unmask train`` does it."""
    presentations = Presentations(
        samples,
        preprocessing=Preprocessing(image_size=SIDE, crop_version="1"),
        modalities=THREE,
        augment=AugmentConfig() if augment else None,
    )
    for number in range(len(samples)):
        presentations[(0, number, number) if augment else number]


def draw(root: Path, count: int, side: int) -> Path:
    """A data set of parts of two photographs, with depth and infrared made of them."""
    rng = np.random.default_rng(0)
    people = [cv2.imread(str(path)) for path in photographs(root)]
    for path in root.iterdir():
        path.unlink()
    rows = []
    for number in range(count):
        photograph = people[number % 2]
        left, top = (int(rng.integers(0, length - 256)) for length in photograph.shape[1::-1])
        picture = cv2.resize(photograph[top : top + 256, left : left + 256], (side, side))
        grey = cv2.GaussianBlur(picture.mean(axis=-1), (0, 0), 3)
        depth = 500 + grey + rng.normal(0, 2, grey.shape)
        pictures = {
            "rgb": ("jpg", picture),
            "depth": ("png", depth.astype(np.uint16)),
            "infrared": ("png", grey.astype(np.uint8)),
        }
        row = {"key": f"{number:04d}", "label": "bona_fide", "pai_species": ""}
        for modality, (suffix, pixels) in pictures.items():
            row[modality] = f"{number:04d}_{modality}.{suffix}"
            cv2.imwrite(str(root / row[modality]), pixels)
        rows.append(row)
    pl.DataFrame(rows).write_parquet(root / "manifest.parquet")
    return root


if __name__ == "__main__":
    main()
