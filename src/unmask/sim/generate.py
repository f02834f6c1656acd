"""``unmask simulate``: an ordinary data set folder of simulated presentations.

Writes images/<key>_rgb.jpg, _depth.png (16-bit millimetres, 0 = hole), _infrared.png, on request
truth/<key>.npz, then manifest.parquet, beside simulation.json (what was asked) and README.txt.
Every file is whole or absent; a run that was cut short goes on where it stopped; a folder that
holds something else is never written to.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import polars as pl
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from unmask.config import SimulateConfig
from unmask.errors import ConfigError
from unmask.files import write_whole
from unmask.processes import in_order
from unmask.sim.captions import captions
from unmask.sim.claim import claimed
from unmask.sim.padding import block_of, padded
from unmask.sim.plan import Plan, make_plan
from unmask.sim.rows import files_of, key_of, keys_of, manifest_row
from unmask.sim.sites import EVERY_SITE, Site, find_sites
from unmask.sim.species import SPECIES, present
from unmask.sim.stage import capture

Job = tuple[int, str, tuple[str, ...], int, tuple[int, ...]]
"""Seed, site, species, index and the frames to make: all that a worker needs."""
BATCH = 32
"""Frames that a worker makes before it reports, or those of one presentation."""


def generate(config: SimulateConfig) -> Path:
    """Simulate presentations into ``config.out`` and return that folder."""
    sites = find_sites(config.sites)
    chosen = species_by_site(config.species, sites)
    with claimed(config) as out:
        plans = [
            make_plan(config.seed, site, chosen[site.name], index)
            for site in sites
            for index in range(config.per_site)
        ]
        batches = _batches(plans, chosen, config)
        _render_all(batches, config)
        rows = [row for plan in sorted(plans, key=lambda p: p.key) for row in _rows(plan, config)]
        with write_whole(out / "manifest.parquet") as temporary:
            pl.DataFrame(rows, infer_schema_length=None).write_parquet(temporary)
    return out


def species_by_site(wanted: tuple[str, ...], sites: list[Site]) -> dict[str, tuple[str, ...]]:
    """The species to make at each site: all that it has, or those of them that are wanted."""
    if not wanted:
        return {site.name: site.species for site in sites}
    if not set(wanted) <= set(SPECIES) or len(set(wanted)) < len(wanted):
        given, known = ", ".join(wanted), ", ".join(SPECIES)
        raise ConfigError(f"species are {given}; name each once, of: {known}")
    made = {site.name: tuple(n for n in site.species if n in wanted) for site in sites}
    idle = [name for name, species in made.items() if not species]
    nowhere = set(wanted).difference(*made.values())
    if idle or nowhere:
        places = {n: [s.name for s in EVERY_SITE.values() if n in s.species] for n in wanted}
        has = "; ".join(f"{n} is made at {', '.join(at) or 'no site'}" for n, at in places.items())
        who = f"site {idle[0]}" if idle else f"none of the sites {', '.join(made)}"
        what = "any of these species" if idle else " or ".join(sorted(nowhere))
        verb = "does not make" if idle else "makes"
        raise ConfigError(f"{who} {verb} {what}: {has}; name other sites or species")
    return made


def render(plan: Plan, config: SimulateConfig) -> None:
    """Render one frame and write its pictures."""
    taken = capture(plan, present(plan), config.image_size, with_truth=config.truth)
    paths = files_of(key_of(plan, config.frames), truth=config.truth)
    _write_image(config.out / paths["rgb"], taken.rgb[..., ::-1], plan.acquisition.quality)
    _write_image(config.out / paths["depth"], taken.depth)
    _write_image(config.out / paths["infrared"], taken.infrared)
    if taken.truth is not None:
        arrays: dict[str, Any] = taken.truth.arrays()
        with write_whole(config.out / paths["truth"]) as temporary:
            np.savez_compressed(temporary, **arrays)


def _write_image(path: Path, pixels: np.ndarray, quality: int = 95) -> None:
    """JPEG (of that quality) or PNG; all files of a kind have one length, or twice that."""
    options = [cv2.IMWRITE_JPEG_QUALITY, quality] if path.suffix == ".jpg" else []
    coded = cv2.imencode(path.suffix, np.ascontiguousarray(pixels), options)[1]
    block = block_of(len(pixels), deep=pixels.dtype == np.uint16)
    with write_whole(path) as temporary:
        temporary.write_bytes(padded(coded.tobytes(), block))


def _rows(plan: Plan, config: SimulateConfig) -> Iterator[dict[str, object]]:
    """The manifest's rows about one presentation."""
    frames = [plan.frame(number) for number in range(config.frames)]
    told = captions(frames) if config.captions else {}
    columns = {f"caption_{modality}": text for modality, text in told.items()}
    for frame in frames:
        yield manifest_row(frame, frames=config.frames, truth=config.truth) | columns


def _batches(
    plans: list[Plan], species: dict[str, tuple[str, ...]], config: SimulateConfig
) -> list[list[Job]]:
    """What is missing, one person after another: whoever paints a person does so once."""
    there = _files_in(config.out, config.image_size)
    jobs: dict[tuple[str, str, str], list[Job]] = {}
    for plan in plans:
        missing = tuple(
            number
            for number, key in enumerate(keys_of(plan, config.frames))
            if not there.issuperset(files_of(key, truth=config.truth).values())
        )
        if missing:
            who = (plan.site, plan.split, plan.subject.subject)  # attackers are of the same split
            job = (plan.seed, plan.site, species[plan.site], plan.index, missing)
            jobs.setdefault(who, []).append(job)
    most = max(1, BATCH // config.frames)
    return [jobs[who][k : k + most] for who in sorted(jobs) for k in range(0, len(jobs[who]), most)]


def _files_in(out: Path, image_size: int) -> set[str]:
    """Paths of the images and truths there are; one cut short, as by a power cut, is lost."""
    return {
        f"{folder}/{entry.name}"
        for folder in ("images", "truth")
        if (out / folder).is_dir()
        for entry in os.scandir(out / folder)
        if _is_whole(entry.stat().st_size, entry.name, image_size)
    }


def _is_whole(size: int, name: str, image_size: int) -> bool:
    """Whether a file of that size can be one of ours: pictures are padded to blocks."""
    blocks = {block_of(image_size, deep=deep) for deep in (False, True)}
    return size > 0 and (name.endswith(".npz") or any(size % block == 0 for block in blocks))


class _Rate(ProgressColumn):
    """Triples (RGB, depth and infrared) per second."""

    def render(self, task: Task) -> Text:
        """Nothing until the first is done."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f} triples/s")


def _render_all(batches: list[list[Job]], config: SimulateConfig) -> None:
    if not batches:  # all of it was there
        return
    columns = (
        TextColumn("simulating"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn(),
    )  # fmt: skip
    total = sum(len(job[-1]) for batch in batches for job in batch)
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("simulating", total=total)
        for count in _done(batches, config):
            progress.advance(task, count)


def _done(batches: list[list[Job]], config: SimulateConfig) -> Iterator[int]:
    """Yield how many frames were finished; results do not depend on the number of workers."""
    alone = config.workers == 1 or len(batches) < 2
    pieces = [[job] for batch in batches for job in batch] if alone else batches
    yield from in_order(
        partial(_render_batch, config=config), pieces, workers=1 if alone else config.workers
    )


def _render_batch(batch: list[Job], config: SimulateConfig) -> int:
    """Frames made."""
    for seed, site_name, species, index, frames in batch:
        (site,) = find_sites((site_name,))
        plan = make_plan(seed, site, species, index)
        for number in frames:
            render(plan.frame(number), config)
    return sum(len(job[-1]) for job in batch)
