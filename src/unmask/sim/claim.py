"""The folder of one simulation: what was asked of it, and that one run at a time writes to it.

simulation.json says what was asked; a run goes on only in a folder where it says the same. While a
run lasts it holds a lock on the folder, which the system takes back however the run ends.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

from unmask.config import SimulateConfig
from unmask.errors import ConfigError
from unmask.files import alone_in, make_folder, write_text

VERSION = 2
"""Raised whenever the same settings give other bytes."""
NOTICE = """\
These faces are simulated. Nobody in these pictures exists, and nothing measured on them is evidence
about how a system treats real people, real sensors or real attacks.

Made by: unmask simulate (settings in simulation.json; the same settings give the same bytes).
Read manifest.parquet: one row per presentation, or per frame of one; paths relative to this folder.
rgb: 8-bit colour. depth: 16-bit, millimetres, 0 where the sensor saw nothing.
infrared: 8- or 16-bit. truth, if asked for: what was really there, arrays by name.
"""


@contextlib.contextmanager
def claimed(config: SimulateConfig) -> Iterator[Path]:
    """Hold the folder ``config.out`` for this simulation.

    Raises:
        ConfigError: it holds something else, or another run is at work in it.
        OutputError: it cannot be written to.
    """
    out = make_folder(config.out)
    with alone_in(out):
        note = out / "simulation.json"
        if note.exists():
            _compare(out, _read(note), asked(config))
        elif any(not entry.name.startswith(".part-") for entry in out.iterdir()):
            raise ConfigError(f"{out} is not empty and holds no simulation; choose another --out")
        else:
            write_text(note, json.dumps(asked(config), indent=2) + "\n")
        if not (out / "README.txt").exists():
            write_text(out / "README.txt", NOTICE)
        for left in out.glob(".part-*"):
            left.unlink()
        for name in ("images", "truth") if config.truth else ("images",):
            for left in make_folder(out / name).glob(".part-*"):  # of a run that was killed
                left.unlink()
        yield out


def asked(config: SimulateConfig) -> dict[str, object]:
    """Everything that decides which bytes are written, as JSON holds it."""
    return {
        "version": VERSION,
        "seed": config.seed,
        "per_site": config.per_site,
        "sites": sorted(config.sites),
        "species": sorted(config.species),
        "frames": config.frames,
        "image_size": config.image_size,
        "truth": config.truth,
        "captions": config.captions,
    }


def _compare(out: Path, found: dict[str, object], wanted: dict[str, object]) -> None:
    remedy = "choose another --out or remove that folder"
    if found.get("version") != wanted["version"]:
        raise ConfigError(
            f"{out} was made by version {found.get('version')} of the simulator and this is "
            f"version {wanted['version']}, which gives other pictures; {remedy}"
        )
    other = [
        f"{name} {_said(found.get(name))} (now {_said(value)})"
        for name, value in wanted.items()
        if found.get(name) != value
    ]
    if other:
        raise ConfigError(f"{out} holds a simulation with another {', '.join(other)}; {remedy}")


def _said(value: object) -> str:
    """A setting as a user would write it."""
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value).lower()


def _read(note: Path) -> dict[str, object]:
    try:
        found = json.loads(note.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError(f"it holds a {type(found).__name__}")  # noqa: TRY004 (as bad JSON)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{note} is damaged ({error}); choose another --out or remove that folder"
        ) from error
    return found
