"""``unmask simulate``: an ordinary data set folder of simulated presentations.

Writes images/<key>_rgb.jpg, _depth.png (16-bit millimetres, 0 = hole), _infrared.png, then
manifest.parquet, beside simulation.json (what was asked) and README.txt. Every file is whole or
absent; a run that was cut short goes on where it stopped; a folder that holds something else is
never written to.
"""

from __future__ import annotations

import json
import multiprocessing
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import polars as pl
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from unmask.config import SimulateConfig
from unmask.errors import ConfigError
from unmask.files import make_folder, write_text, write_whole
from unmask.sim.people import SKIN_TYPES
from unmask.sim.plan import BONA_FIDE, Plan, make_plan
from unmask.sim.sites import find_sites
from unmask.sim.species import choose_species, present
from unmask.sim.stage import capture
from unmask.types import SIMULATED

VERSION = 1
"""Raised whenever the same settings give other bytes."""
NOTICE = """\
These faces are simulated. Nobody in these pictures exists, and nothing measured on them is evidence
about how a system treats real people, real sensors or real attacks.

Made by: unmask simulate (settings in simulation.json; the same settings give the same bytes).
Read manifest.parquet: one row per presentation, paths relative to this folder.
rgb: 8-bit colour. depth: 16-bit, millimetres, 0 where the sensor saw nothing.
infrared: 8- or 16-bit.
"""
Job = tuple[int, str, tuple[str, ...], int]
"""Seed, site, species, index: all that a worker needs."""


def generate(config: SimulateConfig) -> Path:
    """Simulate presentations into ``config.out`` and return that folder."""
    sites = find_sites(config.sites)
    chosen = {site.name: choose_species(config.species, site) for site in sites}
    out = make_folder(config.out)
    _claim(out, config)
    plans = [
        make_plan(config.seed, site, chosen[site.name], index)
        for site in sites
        for index in range(config.per_site)
    ]
    plans.sort(key=lambda p: (p.site, p.subject.subject, p.index))  # one painting serves many
    missing = [p for p in plans if not all((out / f).exists() for f in image_paths(p.key).values())]
    jobs = [(p.seed, p.site, chosen[p.site], p.index) for p in missing]
    _render_all(jobs, out, config)
    rows = [manifest_row(p) for p in sorted(plans, key=lambda p: p.key)]
    with write_whole(out / "manifest.parquet") as temporary:
        pl.DataFrame(rows).write_parquet(temporary)
    return out


def image_paths(key: str) -> dict[str, str]:
    """Paths of a presentation's pictures, relative to the folder."""
    return {
        "rgb": f"images/{key}_rgb.jpg",
        "depth": f"images/{key}_depth.png",
        "infrared": f"images/{key}_infrared.png",
    }


def manifest_row(plan: Plan) -> dict[str, object]:
    """One row: identity, paths, truth, then attributes for reports by group."""
    bona_fide = plan.kind == BONA_FIDE
    at = plan.acquisition
    return {
        "key": plan.key,
        "presentation": plan.key,
        **image_paths(plan.key),
        "label": BONA_FIDE if bona_fide else "attack",
        "pai_species": None if bona_fide else plan.kind,
        "subject": plan.subject.subject,
        "site": plan.site,
        "dataset": SIMULATED,
        "split": plan.split,
        "skin_type": SKIN_TYPES[plan.subject.skin_type],
        "sex_presentation": plan.subject.sex_presentation,
        "age_group": plan.subject.age_group,
        "distance_mm": round(at.distance),
        "yaw": round(at.yaw, 1),
        "session": str(at.session),
        "camera": f"{plan.site}{at.session}",
    }


def render(job: Job, out: Path, image_size: int) -> None:
    """Render one presentation and write its three pictures."""
    seed, site_name, species, index = job
    (site,) = find_sites((site_name,))
    plan = make_plan(seed, site, species, index)
    taken = capture(plan, present(plan), image_size)
    paths = image_paths(plan.key)
    quality = [cv2.IMWRITE_JPEG_QUALITY, plan.acquisition.quality]
    _write_image(out / paths["rgb"], np.ascontiguousarray(taken.rgb[..., ::-1]), quality)
    _write_image(out / paths["depth"], taken.depth, [])
    _write_image(out / paths["infrared"], taken.infrared, [])


def _write_image(path: Path, pixels: np.ndarray, options: list[int]) -> None:
    coded = cv2.imencode(path.suffix, pixels, options)[1]
    with write_whole(path) as temporary:
        temporary.write_bytes(coded.tobytes())


def _claim(out: Path, config: SimulateConfig) -> None:
    """Mark the folder as ours, or refuse one that holds something else."""
    asked = {
        "version": VERSION,
        "per_site": config.per_site,
        "sites": list(config.sites),
        "species": list(config.species),
        "image_size": config.image_size,
        "seed": config.seed,
    }
    note = out / "simulation.json"
    if note.exists():
        found = _read_note(note)
        other = [f"{k} {found.get(k)!r} (now {v!r})" for k, v in asked.items() if found.get(k) != v]
        if other:
            raise ConfigError(
                f"{out} holds a simulation with another {', '.join(other)}; choose another --out "
                "or remove that folder"
            )
    elif any(out.iterdir()):
        raise ConfigError(f"{out} is not empty and holds no simulation; choose another --out")
    else:
        write_text(note, json.dumps(asked, indent=2) + "\n")
        write_text(out / "README.txt", NOTICE)
    make_folder(out / "images")
    for left in (out / "images").glob(".part-*"):  # of a run that was killed
        left.unlink()


def _read_note(note: Path) -> dict[str, object]:
    try:
        found: dict[str, object] = json.loads(note.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(
            f"{note} is damaged ({error}); choose another --out or remove that folder"
        ) from error
    return found


def _render_all(jobs: list[Job], out: Path, config: SimulateConfig) -> None:
    if not jobs:  # all of it was there
        return
    columns = (
        TextColumn("simulating"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as progress:
        for _ in progress.track(_done(jobs, out, config), total=len(jobs)):
            pass


def _done(jobs: list[Job], out: Path, config: SimulateConfig) -> Iterator[None]:
    """Yield as presentations are finished; results do not depend on the number of workers."""
    chunk = 8
    batches = [jobs[k : k + chunk] for k in range(0, len(jobs), chunk)]
    if config.workers == 1 or len(batches) < 2:
        for job in jobs:
            render(job, out, config.image_size)
            yield
        return
    context = multiprocessing.get_context("spawn")  # no threads of the parent are copied
    count = min(config.workers, len(batches))
    with ProcessPoolExecutor(count, mp_context=context, initializer=_start_worker) as pool:
        size, place = [config.image_size] * len(batches), [out] * len(batches)
        try:
            for batch in pool.map(_render_batch, batches, place, size):
                for _ in range(batch):
                    yield
        finally:
            pool.shutdown(cancel_futures=True)  # an interrupt does not wait for the rest


def _start_worker() -> None:
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers Ctrl-C


def _render_batch(batch: list[Job], out: Path, image_size: int) -> int:
    for job in batch:
        render(job, out, image_size)
    return len(batch)
