"""Pictures inside of files: addresses go both ways, parts are right, faults are one clear line."""

import io
import struct
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from unmask import containers
from unmask.containers import Member, exists, member, read
from unmask.errors import DatasetError

RNG = np.random.default_rng(7)
ARRAY = RNG.integers(0, 255, (2, 4, 5, 6), dtype=np.uint8)


@pytest.fixture
def npz(tmp_path: Path) -> Path:
    np.savez_compressed(tmp_path / "one.npz", data=ARRAY, other=ARRAY[0, 0])
    return tmp_path / "one.npz"


@pytest.fixture
def hdf5(tmp_path: Path) -> Path:
    with h5py.File(tmp_path / "one.hdf5", "w") as file:
        file.create_dataset("Frame_7/array", data=ARRAY)
    return tmp_path / "one.hdf5"


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("a/b.npz#data", ()),
        ("a/b.npz#data[0]", ((0,),)),
        ("a/b.h5#Frame_7/array[0,2+1+0]", ((0,), (2, 1, 0))),
        ("a/b.hdf5#x[12+3,4]", ((12, 3), (4,))),
    ],
)
def test_an_address_names_file_array_and_choice_and_back(
    text: str, choice: tuple[tuple[int, ...], ...]
) -> None:
    found = member(Path(text))
    assert found is not None
    assert found.choice == choice
    assert found.address == Path(text)
    assert member(found.address) == found


@pytest.mark.parametrize("text", ["a/b.png", "a/b.npz", "a#1/b.png", "a/b.jpg#data", "odd#name"])
def test_ordinary_files_are_no_members(text: str) -> None:
    assert member(Path(text)) is None


def test_a_choice_that_is_none_says_how_one_is_written() -> None:
    with pytest.raises(DatasetError, match=r"no choice \[0,\+2\]; write numbers"):
        member(Path("a.npz#data[0,+2]"))


@pytest.mark.parametrize("kind", ["npz", "hdf5"])
def test_a_choice_takes_entries_of_the_first_axes(
    kind: str, request: pytest.FixtureRequest
) -> None:
    file: Path = request.getfixturevalue(kind)
    name = "data" if kind == "npz" else "Frame_7/array"
    assert np.array_equal(read(Member(file=file, name=name)), ARRAY)
    got = read(Member(file=file, name=name, choice=((1,), (2, 1, 0))))
    expected = np.stack([ARRAY[1, channel] for channel in (2, 1, 0)])
    assert np.array_equal(got, expected)
    assert np.array_equal(read(Member(file=file, name=name, choice=((1,), (3,)))), ARRAY[1, 3])


def test_what_exists_is_told_without_decoding(npz: Path, hdf5: Path) -> None:
    assert exists(Path(f"{npz}#data[0]"))
    assert not exists(Path(f"{npz}#depth"))
    assert exists(Path(f"{hdf5}#Frame_7/array[1]"))
    assert not exists(Path(f"{hdf5}#Frame_7"))
    assert not exists(Path(f"{hdf5}#Frame_8/array"))
    assert not exists(Path(f"{npz.parent / 'none.npz'}#data"))
    assert exists(npz)
    assert not exists(npz.parent)


def test_a_file_that_is_written_anew_is_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "a.npz"
    for shape in ((2, 2), (3, 3)):
        np.savez(file, data=np.ones(shape, np.uint8))
        assert read(Member(file=file, name="data")).shape == shape
    np.savez(file, other=np.ones(5))
    assert containers.arrays(file) == {"other"}


def test_what_was_read_cannot_be_spoiled_for_the_next(npz: Path) -> None:
    with pytest.raises(ValueError, match="read-only"):
        read(Member(file=npz, name="data"))[0, 0, 0, 0] = 1


@pytest.mark.parametrize(("name", "choice"), [("data", ((2,),)), ("data", ((0,),) * 5)])
def test_a_choice_outside_of_the_array_is_told(
    npz: Path, name: str, choice: tuple[tuple[int, ...], ...]
) -> None:
    with pytest.raises(DatasetError, match="is not within the array, which is 2 x 4 x 5 x 6"):
        read(Member(file=npz, name=name, choice=choice))


def test_an_array_that_is_not_there_is_told_with_those_that_are(npz: Path, hdf5: Path) -> None:
    with pytest.raises(DatasetError, match="has no array 'depth'; it has: data, other"):
        read(Member(file=npz, name="depth"))
    with pytest.raises(DatasetError, match="has no array 'Frame_8/array'; it has: Frame_7"):
        read(Member(file=hdf5, name="Frame_8/array"))
    with pytest.raises(DatasetError, match="has no array 'Frame_7'"):
        read(Member(file=hdf5, name="Frame_7"))


@pytest.mark.parametrize("suffix", [".npz", ".hdf5"])
@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 half"])
def test_a_corrupt_file_is_one_line(tmp_path: Path, suffix: str, content: bytes) -> None:
    file = tmp_path / f"bad{suffix}"
    file.write_bytes(content)
    for ask in (lambda: read(Member(file=file, name="data")), lambda: exists(Path(f"{file}#data"))):
        with pytest.raises(DatasetError) as caught:
            ask()
        message = str(caught.value)
        assert message.startswith(f"cannot read {file} as ")
        assert message.endswith("copy the file again")
        assert "\n" not in message


@pytest.mark.parametrize("kind", ["npz", "hdf5"])
def test_a_truncated_file_is_one_line(kind: str, request: pytest.FixtureRequest) -> None:
    file: Path = request.getfixturevalue(kind)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(DatasetError, match="copy the file again"):
        read(Member(file=file, name="data" if kind == "npz" else "Frame_7/array"))


def test_a_flipped_bit_in_npz_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "a.npz"
    np.savez(file, data=np.zeros((50, 50), np.uint8))
    content = bytearray(file.read_bytes())
    content[1000] ^= 1
    file.write_bytes(content)
    with pytest.raises(DatasetError, match="CRC"):
        read(Member(file=file, name="data"))


def npy_header(shape: tuple[int, ...], dtype: str) -> bytes:
    stream = io.BytesIO()
    header = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue()


def test_a_zip_bomb_is_refused_by_the_size_it_states(tmp_path: Path) -> None:
    file = tmp_path / "bomb.npz"
    size = containers.LARGEST + 1
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("data.npy", "w") as out,
    ):
        out.write(npy_header((size,), "|u1"))
        for _ in range(size // 2**20 + 1):
            out.write(bytes(2**20))
    assert file.stat().st_size < 2**20
    with pytest.raises(DatasetError, match="meant to fill the memory"):
        read(Member(file=file, name="data"))


def test_an_array_that_states_more_than_the_archive_does_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bomb.npz"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("data.npy", npy_header((2**20, 2**20), "<f8") + bytes(64))
    with pytest.raises(DatasetError, match="states 8,796,093,022,208 bytes"):
        read(Member(file=file, name="data"))


def test_an_archive_that_lies_about_its_size_is_read_no_further(tmp_path: Path) -> None:
    file = tmp_path / "bomb.npz"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.npy", npy_header((64,), "|u1") + bytes(2**24))
    content = bytearray(file.read_bytes())
    true_size = struct.pack("<I", 2**24 + len(npy_header((64,), "|u1")))
    small = struct.pack("<I", 64 + len(npy_header((64,), "|u1")))
    file.write_bytes(bytes(content.replace(true_size, small)))
    with pytest.raises(DatasetError, match="copy the file again"):
        read(Member(file=file, name="data"))


def test_a_huge_dataset_of_hdf5_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "bomb.hdf5"
    with h5py.File(file, "w") as out:  # chunks that were never written take no room
        out.create_dataset("data", shape=(2**20, 2**20), dtype="u1", chunks=(64, 64))
    assert file.stat().st_size < 2**20
    with pytest.raises(DatasetError, match="meant to fill the memory"):
        read(Member(file=file, name="data"))


def test_an_array_of_objects_is_refused_unread(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", data=np.array([{"a": 1}], dtype=object))
    with pytest.raises(DatasetError, match="is of object; pictures are numbers"):
        read(Member(file=tmp_path / "a.npz", name="data"))
    with h5py.File(tmp_path / "a.hdf5", "w") as out:
        out["data"] = "a word"
    with pytest.raises(DatasetError, match="pictures are numbers"):
        read(Member(file=tmp_path / "a.hdf5", name="data"))
