"""Pictures inside of HDF5 and npz files: how they are addressed, whether they are there, reading.

An address is a path with a member behind ``#``, and a choice along the array's first axes in
brackets, one cell for each axis: a number takes one entry, numbers joined by ``+`` take several in
that order. What is left is a picture: (H, W), or (3, H, W) with red first.

    video.hdf5#Frame_7/array[1]     channel 1 of the array ``array`` in the group ``Frame_7``
    trial.npz#data[0,2+1+0]         channels 2, 1 and 0 of frame 0: colour that was stored as BGR

A file states the size of an array before its contents; one that would fill memory is refused
unread, as is an array of objects, which could run code. h5py is imported by who meets an HDF5 file.
"""

from __future__ import annotations

import functools
import math
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from unmask.errors import DatasetError

LARGEST = 2**28
"""Bytes that an array may have; all sensors of one PADISI-Face capture are 14 million."""

_ADDRESS = re.compile(r"(?P<file>.+\.(?:hdf5|h5|npz))#(?P<name>[^\[]+)(?:\[(?P<choice>[\d,+]+)\])?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A picture inside of a file."""

    file: Path
    name: str
    """Of the array: its path in HDF5, its keyword in npz."""
    choice: tuple[tuple[int, ...], ...] = ()
    """Entries to take along each of the first axes; an axis with one entry is dropped."""

    @property
    def address(self) -> Path:
        cells = ",".join("+".join(map(str, cell)) for cell in self.choice)
        choice = f"[{cells}]" if cells else ""
        return Path(f"{self.file}#{self.name}{choice}")


def member(path: Path) -> Member | None:
    """The member that a path addresses; None for an ordinary file."""
    found = _ADDRESS.fullmatch(path.as_posix())
    if not found:
        return None
    cells = found["choice"].split(",") if found["choice"] else []
    try:
        choice = tuple(tuple(int(number) for number in cell.split("+")) for cell in cells)
    except ValueError as error:
        raise DatasetError(
            f"{path}: no choice [{found['choice']}]; write numbers, parted by ',' from axis to "
            "axis and joined by '+' within one, such as [0,2+1+0]"
        ) from error
    return Member(file=Path(found["file"]), name=found["name"], choice=choice)


def exists(path: Path) -> bool:
    """Whether the file is there and, for a member, holds that array; nothing is decoded."""
    inside = member(path)
    if inside is None:
        return path.is_file()
    return inside.file.is_file() and inside.name in arrays(inside.file)


def arrays(file: Path) -> frozenset[str]:
    """Names of all arrays in a file; the last files asked for are remembered.

    Raises:
        DatasetError: the file is missing or broken.
    """
    return _names(file, _stamp(file))


def read(inside: Member) -> npt.NDArray[Any]:
    """The chosen part of an array; whoever asks for several parts of one array in turn reads once.

    Raises:
        DatasetError: the file is missing or broken, it has no such array, the array is too large
            or of no numbers, or the choice is not within it.
    """
    chosen = _whole(inside.file, inside.name, _stamp(inside.file))
    sizes = " x ".join(map(str, chosen.shape))
    try:
        for axis in reversed(range(len(inside.choice))):
            cell = inside.choice[axis]
            chosen = chosen.take(cell[0] if len(cell) == 1 else cell, axis=axis)
    except (IndexError, ValueError) as error:
        raise DatasetError(f"{inside.address} is not within the array, which is {sizes}") from error
    return chosen


def _stamp(file: Path) -> tuple[int, int]:
    """What changes when a file is written anew, so that nothing old is remembered of it."""
    try:
        status = file.stat()
    except OSError as error:
        raise DatasetError(f"no file {file}; check the path") from error
    return status.st_mtime_ns, status.st_size


@functools.lru_cache(maxsize=8)
def _names(file: Path, stamp: tuple[int, int]) -> frozenset[str]:
    try:
        return _npz_names(file) if file.suffix == ".npz" else _hdf5_names(file)
    except Exception as error:  # a damaged file makes the libraries raise almost anything
        raise _broken(file, error) from error


@functools.lru_cache(maxsize=4)  # of each thread that reads, as data.MOST_THREADS has it
def _whole(file: Path, name: str, stamp: tuple[int, int]) -> npt.NDArray[Any]:
    try:
        array = _read_npz(file, name) if file.suffix == ".npz" else _read_hdf5(file, name)
    except DatasetError:
        raise
    except Exception as error:
        raise _broken(file, error) from error
    array.flags.writeable = False  # it is remembered, and handed out in parts
    return array


def _npz_names(file: Path) -> frozenset[str]:
    with zipfile.ZipFile(file) as archive:
        return frozenset(name.removesuffix(".npy") for name in archive.namelist())


def _read_npz(file: Path, name: str) -> npt.NDArray[Any]:
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        if f"{name}.npy" not in names:
            raise _no_array(file, name, [n.removesuffix(".npy") for n in names])
        stated = archive.getinfo(f"{name}.npy").file_size
        with archive.open(f"{name}.npy") as stream:
            shape, dtype = _npy_header(stream)
            _check(file, name, shape, dtype, stated=stated)
        with archive.open(f"{name}.npy") as stream:  # reads no further than what was stated
            array: npt.NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
            stream.read(1)  # the end is where a wrong checksum shows
            return array


def _npy_header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    older = version == (1, 0)
    header = np.lib.format.read_array_header_1_0 if older else np.lib.format.read_array_header_2_0
    shape, _, dtype = header(stream)
    return shape, dtype


def _hdf5_names(file: Path) -> frozenset[str]:
    import h5py

    found: list[str] = []
    with h5py.File(file, "r", locking=False) as archive:
        archive.visit(found.append)  # names alone: ten times as quick as opening what they name
    groups = {name.rpartition("/")[0] for name in found}
    return frozenset(found) - groups


def _read_hdf5(file: Path, name: str) -> npt.NDArray[Any]:
    import h5py

    with h5py.File(file, "r", locking=False) as archive:  # data sets often lie where nobody writes
        item = archive.get(name)
        if not isinstance(item, h5py.Dataset):
            raise _no_array(file, name, list(archive))
        _check(file, name, item.shape, item.dtype)
        array: npt.NDArray[Any] = item[()]
        return array


def _check(
    file: Path, name: str, shape: Sequence[int], dtype: np.dtype[Any], *, stated: int = 0
) -> None:
    """Refuse what is no array of numbers, or too large, before anything of it is read."""
    if dtype.kind not in "uif":
        raise DatasetError(f"{file}: the array {name!r} is of {dtype}; pictures are numbers")
    size = max(math.prod(shape) * dtype.itemsize, stated)
    if size > LARGEST:
        raise DatasetError(
            f"{file}: the array {name!r} states {size:,} bytes; a picture has at most "
            f"{LARGEST:,}: the file is damaged, or meant to fill the memory"
        )


def _no_array(file: Path, name: str, names: Sequence[str]) -> DatasetError:
    more = ", ..." if len(names) > 5 else ""
    return DatasetError(
        f"{file} has no array {name!r}; it has: {', '.join(sorted(names)[:5]) or 'none'}{more}"
    )


def _broken(file: Path, error: Exception) -> DatasetError:
    why = " ".join(str(error).split())[:200] or type(error).__name__
    kind = "npz" if file.suffix == ".npz" else "HDF5"
    return DatasetError(f"cannot read {file} as {kind}: {why}; copy the file again")
