"""How fast pictures become model input, beside the loop over cv2 that published code reads with.

    python benchmarks/reading.py [--count 64] [--repetitions 7]

A triple is a colour JPEG, a 16-bit depth PNG and an 8-bit infrared PNG of 224 x 224 pixels. The
loop does what the loaders of Flex-Modal-FAS and its successors do: ``cv2.imread`` of each as three
channels, ``cv2.resize`` to 224, a random mirror image, a random turn (augmented only), ``(x -
127.5) / 128``, three tensors; it throws away the low bits of depth. Both keep 16 triples at a time,
as a loader does until they are a batch. Ours is ``data.Presentations``:
checked decoding to the last pixel, units, one geometry for all sensors, light of each; with one
thread and, as ``unmask train`` reads on two cores, with two. The third kind starts from raw face
crops of 480 x 480 pixels, which the loop reads in every epoch, and ``unmask prepare --cropped``
once, before.

All cases run in one process, in turn, each repetition in another order, after one round that does
not count; compared are medians of wall time, which two threads can only halve where two cores are
free, and of the time that the processor spent, which other programs do not lengthen.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
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
    spent: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        timed = {
            of: partial(noted, run, spent.setdefault(of, []))
            for of, run in cases(Path(name), given.count).items()
        }
        seconds = measure(timed, given.repetitions, torch.device("cpu"))
    rate = {name: given.count / statistics.median(runs) for name, runs in seconds.items()}
    busy = {name: given.count / statistics.median(runs[1:]) for name, runs in spent.items()}
    result = {
        "triples_per_second": rate,
        "ours / loop": ratios(rate),
        "triples_per_second_of_processor": busy,
        "ours / loop, of processor time": ratios(busy),
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
    print(json.dumps({key: result[key] for key in result if "ours / loop" in key}, indent=2))


KINDS = ("plain", "augmented", "raw crops and prepared ones, augmented")


def ratios(rate: dict[str, float]) -> dict[str, float]:
    """How many times as quick as the loop."""
    names = [f"{kind}, {way}" for kind in KINDS for way in ("ours", "ours with two threads")]
    return {name: rate[name] / rate[f"{name.rpartition(', ')[0]}, loop"] for name in names}


def noted(run: Callable[[], object], spent: list[float]) -> None:
    """Run, and note how long the processor was at it, in all threads."""
    start = time.process_time()
    run()
    spent.append(time.process_time() - start)


def cases(folder: Path, count: int) -> Cases:
    """All ways to read the same pictures."""
    small = index(draw(folder / "small", count, SIDE))
    large = draw(folder / "large", count, RAW_SIDE)
    settings = PrepareConfig(
        root=large, out=folder / "out", cropped=True, poor="keep", crop=CropConfig(side=SIDE)
    )
    prepared_folder = prepare(settings).folder
    plain, augmented, from_raw = KINDS
    made: Cases = {}
    for kind, theirs, mine, augment in (
        (plain, small, small, False),
        (augmented, small, small, True),
        (from_raw, index(large), index(prepared_folder), True),
    ):
        made[f"{kind}, loop"] = partial(loop, theirs, augment=augment)
        made[f"{kind}, ours"] = partial(ours, mine, augment=augment)
        made[f"{kind}, ours with two threads"] = partial(ours, mine, augment=augment, threads=2)
    return made


def loop(samples: list[Sample], *, augment: bool) -> None:
    """As published loaders do it."""
    rng = np.random.default_rng(0)
    batch: list[torch.Tensor] = []
    for number, sample in enumerate(samples):
        if number % 16 == 0:
            batch.clear()
        mirrored, angle = rng.random() < 0.5, rng.uniform(-10, 10)
        for path in sample.paths.values():
            picture = cv2.resize(cv2.imread(str(path)), (SIDE, SIDE))
            if augment:
                turn = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), angle, 1)
                picture = cv2.warpAffine(picture, turn, (SIDE, SIDE))
                picture = cv2.flip(picture, 1) if mirrored else picture
            values = (picture[..., ::-1].transpose(2, 0, 1) - 127.5) / 128
            batch.append(torch.from_numpy(values.astype(np.float32)))


def ours(samples: list[Sample], *, augment: bool, threads: int = 1) -> None:
    """As ``unmask train`` does it, 16 presentations at a time."""
    presentations = Presentations(
        samples,
        preprocessing=Preprocessing(image_size=SIDE, crop_version="1"),
        modalities=THREE,
        augment=AugmentConfig() if augment else None,
    )
    numbers = [(0, n, n) if augment else n for n in range(len(samples))]
    torch.set_num_threads(threads)
    for start in range(0, len(numbers), 16):
        presentations.__getitems__(numbers[start : start + 16])
    torch.set_num_threads(1)


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
