"""Which raw frames there are, and which of them belong together.

A folder is read as the first of these that it is:

- a folder with a manifest: one row per frame, with the columns key and rgb, depth, infrared or
  thermal (paths inside the folder); every other column is carried over;
- a folder with the folders rgb, depth, infrared, thermal, or some of them: frames of one name (and
  sub-folder) belong together, and those of one sub-folder are one presentation;
- a folder of photographs: RGB alone, one presentation each.

A frame whose file is not there is kept: reading it fails, and that is listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import polars as pl
from polars.exceptions import PolarsError

from unmask.capture.images import SUFFIXES
from unmask.config import PrepareConfig
from unmask.errors import ConfigError, DatasetError
from unmask.types import Label, Modality

MANIFESTS = ("manifest.parquet", "manifest.csv")
ARRAY = ".npy"
LABELS = ("", *(label.name.lower() for label in Label))


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One moment of one presentation, as the sensors saw it."""

    key: str
    """Unique; names the files that are made."""
    paths: Mapping[Modality, Path]
    columns: Mapping[str, str]
    """What the new manifest says of it, but for the pictures."""


def find_frames(config: PrepareConfig) -> list[Frame]:
    """Every frame in the folder, in the order of the manifest or of the names.

    Raises:
        ConfigError: there is no such folder, or nothing in it.
        DatasetError: the manifest has a fault.
    """
    root = config.root
    if not root.is_dir():
        raise ConfigError(f"no folder {root}; root is a folder of raw frames")
    there = [name for name in MANIFESTS if (root / name).is_file()]
    if config.manifest or there:
        _refuse_words(config)
        return _of_table(root, config.manifest or there[0])
    folders = {m: root / m for m in Modality if (root / m).is_dir()}
    frames = _of_folders(folders, config) if folders else _of_photographs(root, config)
    if not frames:
        raise ConfigError(
            f"no frames in {root}; it needs a manifest, folders called {', '.join(Modality)}, or "
            f"photographs that end in {', '.join(SUFFIXES)}"
        )
    return frames


def _refuse_words(config: PrepareConfig) -> None:
    words = ("label", "pai_species", "subject", "site", "split")
    given = [word for word in words if getattr(config, word)]
    if given:
        raise ConfigError(
            f"{', '.join(given)} given, but {config.root} has a manifest, which says that of every "
            "frame; write it there"
        )


def _of_table(root: Path, name: str) -> list[Frame]:
    path = root / name
    rows = _rows(path)
    modalities = [m for m in Modality if m in rows[0]] if rows else []
    if not rows or "key" not in rows[0] or not modalities:
        has = ", ".join(rows[0]) if rows else "none"
        raise DatasetError(
            f"{path} has {len(rows)} rows and the columns {has}; "
            f"needed are rows with key and one of {', '.join(Modality)}"
        )
    seen: set[str] = set()
    frames = []
    for number, row in enumerate(rows, start=1):
        _check_row(row, modalities, seen, where=f"{path}, row {number}")
        seen.add(row["key"])
        paths = {m: root / row[m] for m in modalities if row[m]}
        columns = {column: value for column, value in row.items() if column not in set(Modality)}
        frames.append(Frame(key=row["key"], paths=paths, columns=columns))
    return frames


def _rows(path: Path) -> list[dict[str, str]]:
    if path.suffix not in (".csv", ".parquet"):
        raise ConfigError(f"manifest is {path.name}; it ends in .csv or .parquet")
    if not path.is_file():
        raise DatasetError(f"no manifest {path}; check root and manifest")
    try:
        if path.suffix == ".parquet":
            table = pl.read_parquet(path)
        else:
            table = pl.read_csv(path, infer_schema=False)
        return list(table.select(pl.all().cast(pl.String).fill_null("")).iter_rows(named=True))
    except (OSError, PolarsError) as error:
        why = " ".join(str(error).split())[:200]
        raise DatasetError(f"cannot read {path}: {why}; write the table again") from error


def _check_row(
    row: Mapping[str, str], modalities: list[Modality], seen: set[str], where: str
) -> None:
    key, label, species = row["key"], row.get("label", ""), row.get("pai_species", "")
    if not key or key in seen:
        raise DatasetError(
            f"{where}: the key {key!r} is empty or not unique; every row has its own"
        )
    if label not in LABELS or (label == "attack") != bool(species):
        raise DatasetError(
            f"{where} ({key!r}): label {label!r} with pai_species {species!r}; a label is "
            "bona_fide, attack or empty, and an attack has a species, nothing else has"
        )
    for modality in modalities:
        parts = PurePath(row[modality]).parts
        if PurePath(row[modality]).is_absolute() or ".." in parts:
            raise DatasetError(
                f"{where} ({key!r}): {modality} {row[modality]!r} leads outside the folder; write "
                "paths relative to it, without '..'"
            )


def _of_folders(folders: Mapping[Modality, Path], config: PrepareConfig) -> list[Frame]:
    found = {modality: _by_stem(folder) for modality, folder in folders.items()}
    frames = []
    for stem in sorted(set().union(*found.values())):
        paths = {m: files.get(stem, _missing(folders[m], stem)) for m, files in found.items()}
        video = str(PurePath(stem).parent.as_posix())
        frames.append(_frame(stem, paths, config, presentation=stem if video == "." else video))
    return frames


def _of_photographs(root: Path, config: PrepareConfig) -> list[Frame]:
    photographs = [p for p in sorted(root.iterdir()) if _is_picture(p, SUFFIXES)]
    stems = [path.stem for path in photographs]
    keys = [p.name if stems.count(p.stem) > 1 else p.stem for p in photographs]
    return [
        _frame(key, {Modality.RGB: path}, config, presentation=key)
        for key, path in zip(keys, photographs, strict=True)
    ]


def _frame(
    key: str, paths: Mapping[Modality, Path], config: PrepareConfig, *, presentation: str
) -> Frame:
    columns = {
        "key": key,
        "presentation": presentation,
        "label": config.label,
        "pai_species": config.pai_species,
        "subject": config.subject,
        "site": config.site,
        "split": config.split,
    }
    return Frame(key=key, paths=paths, columns=columns)


def _by_stem(folder: Path) -> dict[str, Path]:
    """Frames of a sensor by their path inside its folder, without the ending."""
    by_stem: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if _is_picture(path, (*SUFFIXES, ARRAY)):
            stem = path.relative_to(folder).with_suffix("").as_posix()
            if stem in by_stem:
                raise ConfigError(
                    f"{folder} has {by_stem[stem].name} and {path.name}; keep one file of each name"
                )
            by_stem[stem] = path
    return by_stem


def _missing(folder: Path, stem: str) -> Path:
    """Where the frame of a sensor should have been; nothing is there."""
    return folder / f"{stem}.*"


def _is_picture(path: Path, suffixes: Sequence[str]) -> bool:
    hidden = path.name.startswith(".")
    return path.suffix.lower() in suffixes and not hidden and path.is_file()
