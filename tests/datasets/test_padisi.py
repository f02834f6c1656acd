"""PADISI-Face: one array per capture, blue first, and tables that say who and what."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from unmask.capture.images import read_image
from unmask.datasets.padisi import TABLE, index, partition, trial_of
from unmask.errors import DatasetError
from unmask.types import Label, Modality

LISTS = Path(__file__).parents[3] / "shared" / "lists"
needs_lists = pytest.mark.skipif(not LISTS.is_dir(), reason="no published lists here")
RNG = np.random.default_rng(5)
HEAD = (
    "transaction_id,trial_id,trial_name,modality,ground_truth,participant_id,"
    "gender,ethnicity,race,age"
)
ROWS = (
    "aa01,c4a21871,FACE_SMILE_WITHOUT_GLASS,FACE,m00000,p1,Female,Not Hispanic or Latino,Asian,25",
    "aa02,b2577ad4,FACE_NEUTRAL_WITH_GLASS,FACE,m50504,p2,Male,Hispanic or Latino,White,31",
    "aa03,ee40299a,FACE_WITHOUT_GLASS_1,FACE,m50602,p3,,,,",
)


def capture() -> npt.NDArray[np.float32]:
    levels = RNG.integers(0, 256, (1, 22, 8, 6)).astype(np.float32)
    return levels / np.float32(255)


def draw(root: Path, rows: tuple[str, ...] = ROWS) -> dict[str, npt.NDArray[np.float32]]:
    (root / "npz").mkdir(parents=True)
    (root / TABLE).write_text("\n".join([HEAD, *rows]) + "\n")
    arrays = {}
    for row in rows:
        transaction, trial, name = row.split(",")[:3]
        arrays[trial] = capture()
        np.savez(root / "npz" / f"ID_{transaction}_{trial}_{name}.npz", data=arrays[trial])
    return arrays


def test_the_table_says_who_and_what(tmp_path: Path) -> None:
    draw(tmp_path)
    samples = index(tmp_path)
    assert samples == index(tmp_path)
    assert [s.key for s in samples] == ["c4a21871", "b2577ad4", "ee40299a"]
    assert [s.label for s in samples] == [Label.BONA_FIDE, Label.ATTACK, Label.ATTACK]
    assert [s.pai_species for s in samples] == [None, "m505", "m506"]
    assert [s.subject for s in samples] == ["p1", "p2", "p3"]
    assert samples[1].attributes["pai"] == "m50504"


def test_demographics_are_kept_where_they_are_given(tmp_path: Path) -> None:
    draw(tmp_path)
    first, _, last = index(tmp_path)
    assert first.attributes["gender"] == "Female"
    assert first.attributes["age"] == "25"
    assert "race" not in last.attributes


def test_channels_become_modalities_and_blue_comes_last(tmp_path: Path) -> None:
    array = draw(tmp_path)["b2577ad4"][0]
    paths = index(tmp_path)[1].paths
    assert set(paths) == set(Modality)
    colour = read_image(paths[Modality.RGB], Modality.RGB)
    assert np.array_equal(colour, np.rint(255 * array[[2, 1, 0]]).transpose(1, 2, 0))
    assert np.array_equal(read_image(paths[Modality.INFRARED], Modality.INFRARED), array[3])
    assert np.array_equal(read_image(paths[Modality.THERMAL], Modality.THERMAL), array[5])
    depth = read_image(paths[Modality.DEPTH], Modality.DEPTH, depth="relative")
    assert np.allclose(depth, 255 * array[4])


def test_files_may_be_named_by_their_trial_alone(tmp_path: Path) -> None:
    draw(tmp_path)
    before = index(tmp_path)
    for file in (tmp_path / "npz").iterdir():
        file.rename(file.with_name(f"{trial_of(file)}.npz"))
    after = index(tmp_path)
    assert [s.key for s in before] == [s.key for s in after]


def test_other_data_sets_below_the_root_are_not_looked_through(tmp_path: Path) -> None:
    draw(tmp_path / "PADISI-Face")
    np.savez(tmp_path / "unknown.npz", data=capture())
    assert len(index(tmp_path)) == 3


def test_captures_that_were_not_copied_are_left_out(tmp_path: Path) -> None:
    draw(tmp_path)
    next((tmp_path / "npz").glob("*c4a21871*")).unlink()
    assert [s.key for s in index(tmp_path)] == ["b2577ad4", "ee40299a"]


def test_hidden_files_are_no_captures_and_a_capture_is_there_once(tmp_path: Path) -> None:
    draw(tmp_path)
    (tmp_path / "npz" / "._ID_aa01_c4a21871_x.npz").touch()
    assert len(index(tmp_path)) == 3
    np.savez(tmp_path / "c4a21871.npz", data=capture())
    with pytest.raises(DatasetError, match="are the same capture; keep one of them"):
        index(tmp_path)


def test_what_does_not_fit_the_table_is_told(tmp_path: Path) -> None:
    draw(tmp_path)
    np.savez(tmp_path / "00000000.npz", data=capture())
    with pytest.raises(DatasetError, match=r"00000000\.npz is no capture of .*1 such files"):
        index(tmp_path)


def test_without_table_or_files_the_error_says_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=f"has no {TABLE}; expected is <root>/{TABLE}"):
        index(tmp_path)
    (tmp_path / TABLE).write_text(HEAD + "\n")
    with pytest.raises(DatasetError, match="has no npz file"):
        index(tmp_path)


def test_a_table_of_something_else_is_told(tmp_path: Path) -> None:
    draw(tmp_path)
    (tmp_path / TABLE).write_text("trial_id,label\nc4a21871,1\n")
    with pytest.raises(DatasetError, match="has no column transaction_id, ground_truth"):
        index(tmp_path)


def test_an_unknown_ground_truth_is_told(tmp_path: Path) -> None:
    draw(tmp_path, (ROWS[0].replace("m00000", "m4"),))
    with pytest.raises(DatasetError, match="c4a21871 has the ground truth 'm4'"):
        index(tmp_path)


def test_a_partition_speaks_of_train_dev_and_eval(tmp_path: Path) -> None:
    rows = "trial_id,partition_name\na,train\nb,valid\nc,test\n"
    (tmp_path / "part.csv").write_text(rows)
    assert partition(tmp_path / "part.csv") == {"a": "train", "b": "dev", "c": "eval"}


def test_an_unknown_partition_is_told(tmp_path: Path) -> None:
    (tmp_path / "part.csv").write_text("trial_id,partition_name\na,validation\n")
    with pytest.raises(DatasetError, match="has the partition 'validation'; allowed are train"):
        partition(tmp_path / "part.csv")


@needs_lists
def test_the_published_partition_is_that_of_mmdg() -> None:
    sets = partition(LISTS / "padisi" / "partition_3folds_part0.csv")
    assert len(sets) == 2029
    for name, listed, count in (
        ("train", "train", 1090),
        ("dev", "val", 272),
        ("eval", "test", 667),
    ):
        lines = (LISTS / "mmdg" / f"P-{listed}.txt").read_text().splitlines()
        trials = {trial for trial, of_set in sets.items() if of_set == name}
        assert len(trials) == count
        assert trials == {trial_of(Path(line.split()[0])) for line in lines}
