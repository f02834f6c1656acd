"""PADISI-Face (USC): 360 people and nine kinds of attack, in colour, depth and infrared.

One npz file is one capture, and its name <trial> among ID_<transaction>_<trial>_<trial name>.npz
tells it from others; the table of the set says who and what it shows.

Modalities: RGB, depth, infrared, thermal. The array ``data`` is (1, 22, 320, 256), fractions of
    each camera's full scale: blue, green, red, infrared and depth (RealSense), thermal, and 16
    channels of near and short-wave infrared that are not read. Set ``data.depth=relative``.
PAI species: m501 to m509, the set's codes of kinds of attack; their names need the sponsor's
    approval (06 is said to be make-up). The instrument, such as m50602, is the attribute ``pai``.
Licence: academic, after an agreement signed by principal investigator and institution, from USC
    ISI; not passed on. The tables are public.
Folder tree: <root>/padisi_USC_FACE_ground_truth.csv and <root>/*.npz, both at any depth below
    <root> or, where there is such a folder, <root>/PADISI-Face; the multi-spectral release, or its
    files renamed <trial>.npz as the lists of MMDG have them.
Known faults: channels are stored blue first; the address of the colour picture turns them. Depth is
    a fraction of all that the camera can tell, of which a face may take little. Several captures
    are of one person in one session and look alike: each is a presentation, as published.
Citation: Rostami et al., Detection and Continual Learning of Novel Face Presentation Attacks, ICCV
    2021; Spinoulas et al., Multispectral Biometrics System Framework, IEEE Sensors Journal 2021.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

from unmask.containers import Member
from unmask.errors import DatasetError
from unmask.types import Label, Modality, Sample

MODALITIES = tuple(Modality)

NAME = "padisi"
FOLDER = "PADISI-Face"
"""Where it lies below a root that has other data sets too, whose files are not looked through."""
TABLE = "padisi_USC_FACE_ground_truth.csv"
SETS = {"train": "train", "valid": "dev", "test": "eval"}
"""What a partition table calls train, dev and eval."""
BONA_FIDE = "m00000"

ARRAY = "data"
CHANNELS = {
    Modality.RGB: (2, 1, 0),
    Modality.DEPTH: (4,),
    Modality.INFRARED: (3,),
    Modality.THERMAL: (5,),
}
TREE = (
    f"<root>/{TABLE} and <root>/ID_<transaction>_<trial>_<trial name>.npz or <root>/<trial>.npz, "
    "at any depth below"
)

_ATTACK = re.compile(r"(m5\d\d)\d\d")
_NEEDED = ("transaction_id", "trial_id", "ground_truth", "participant_id")
_TOLD = ("gender", "ethnicity", "race", "age", "trial_name", "transaction_id")


def index(root: Path) -> list[Sample]:
    """Every capture, in the order of the table.

    Raises:
        DatasetError: no table or npz file below ``root``, a file that the table does not know, or
            two of one capture.
    """
    own = root / FOLDER
    return _index(own if own.is_dir() else root)


def _index(root: Path) -> list[Sample]:
    files: dict[str, Path] = {}
    for file in sorted(f for f in root.rglob("*.npz") if not f.name.startswith(".")):
        if files.setdefault(trial_of(file), file) != file:
            raise DatasetError(
                f"{files[trial_of(file)]} and {file} are the same capture; keep one of them"
            )
    tables = sorted(root.rglob(TABLE))
    if not files or not tables:
        raise DatasetError(
            f"{root} has {'no npz file' if tables else f'no {TABLE}'}; expected is {TREE}; check "
            "data.root (the table comes with the public code of the set)"
        )
    rows = {row["trial_id"]: row for row in _rows(tables[0], _NEEDED)}
    unknown = sorted(files.keys() - rows.keys())
    if unknown:
        raise DatasetError(
            f"{files[unknown[0]]} is no capture of {tables[0]} ({len(unknown)} such files); "
            f"expected is {TREE}"
        )
    return [_sample(files[trial], row, tables[0]) for trial, row in rows.items() if trial in files]


def trial_of(file: PurePath) -> str:
    """What tells a capture from others, from the name of its file in either release."""
    pieces = file.stem.split("_", 3)
    return pieces[2] if len(pieces) == 4 and pieces[0] == "ID" else file.stem


def partition(table: Path) -> dict[str, str]:
    """Set of each capture, as train, dev or eval.

    Raises:
        DatasetError: it is no partition table.
    """
    rows = _rows(table, ("trial_id", "partition_name"))
    strange = {row["partition_name"] for row in rows} - SETS.keys()
    if strange:
        raise DatasetError(
            f"{table} has the partition {min(strange)!r}; allowed are {', '.join(SETS)}"
        )
    return {row["trial_id"]: SETS[row["partition_name"]] for row in rows}


def _sample(file: Path, row: Mapping[str, str], table: Path) -> Sample:
    code = row["ground_truth"]
    attack = _ATTACK.fullmatch(code)
    if code != BONA_FIDE and attack is None:
        raise DatasetError(
            f"{table}: {row['trial_id']} has the ground truth {code!r}; it is {BONA_FIDE} for bona "
            "fide, m5<kind><species> such as m50504 for attacks"
        )
    told = {name: row[name] for name in _TOLD if row.get(name)}
    return Sample(
        key=row["trial_id"],
        presentation=row["trial_id"],
        paths={
            modality: Member(file=file, name=ARRAY, choice=((0,), channels)).address
            for modality, channels in CHANNELS.items()
        },
        label=Label.ATTACK if attack else Label.BONA_FIDE,
        pai_species=attack[1] if attack else None,
        subject=row["participant_id"],
        dataset=NAME,
        attributes={**told, "pai": code},
    )


def _rows(table: Path, needed: Sequence[str]) -> list[dict[str, str]]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, restval=""))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = " ".join(str(error).split())
        raise DatasetError(f"cannot read {table}: {why}; download it again") from error
    missing = [name for name in needed if not rows or name not in rows[0]]
    if missing:
        raise DatasetError(
            f"{table} has no column {', '.join(missing)}, or no row; download it again"
        )
    return rows
