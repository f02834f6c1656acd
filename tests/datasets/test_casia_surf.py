"""Both releases of CASIA-SURF give the same samples; a folder that cannot be is named."""

from pathlib import Path

import pytest

from unmask.datasets.casia_surf import SPECIES, index
from unmask.errors import DatasetError
from unmask.types import Label, Modality

RELEASES = {
    "challenge": "{whole}/{part}_part/{subject}/{pai}.rssdk",
    "crop": "{part}_part/{part}_{cropped}_part/{subject}/{pai}.rssdk",
}
SETS = {"train": ("Training", "train"), "dev": ("Val", "val"), "eval": ("Testing", "test")}


def draw(root: Path, release: str, frames: tuple[str, ...] = ("1", "11", "101")) -> Path:
    """Two people in each set with every video; empty files stand for pictures."""
    for name, (whole, cropped) in SETS.items():
        for person in range(2):
            for pai in ("real", *SPECIES):
                part = "real" if pai == "real" else "fake"
                subject = f"CLKJ_{name}{person}"
                place = RELEASES[release].format(
                    whole=whole, cropped=cropped, part=part, subject=subject, pai=pai
                )
                for sensor in ("color", "depth", "ir"):
                    (root / place / sensor).mkdir(parents=True)
                    for frame in frames:
                        (root / place / sensor / f"{frame}.jpg").touch()
    return root


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("below", ["", "CASIA_SURF/Data", "Data", "CASIA-SURF-CROP"])
def test_a_frame_says_who_what_and_when(release: str, below: str, tmp_path: Path) -> None:
    draw(tmp_path / below, release)
    samples = index(tmp_path)
    assert samples == index(tmp_path)
    assert len(samples) == len({s.key for s in samples}) == 3 * 2 * 7 * 3
    attack = next(s for s in samples if s.attributes["pai"] == "06_enm_b")
    assert attack.key == "CLKJ_train0/06_enm_b/1"
    assert attack.presentation == "CLKJ_train0/06_enm_b"
    assert attack.label is Label.ATTACK
    assert attack.pai_species == "print_cut_eyes_nose_mouth_bent"
    assert attack.subject == "CLKJ_train0"
    assert attack.dataset == "casia_surf"
    assert attack.attributes == {"set": "train", "pai": "06_enm_b", "frame": "1"}
    assert [path.parent.name for path in attack.paths.values()] == ["color", "depth", "ir"]
    assert all(path.is_file() for s in samples for path in s.paths.values())


def test_both_releases_name_videos_alike(tmp_path: Path) -> None:
    keys = [[s.key for s in index(draw(tmp_path / release, release))] for release in RELEASES]
    assert sorted(keys[0]) == sorted(keys[1])


def test_bona_fide_is_what_lies_in_the_real_part(tmp_path: Path) -> None:
    for sample in index(draw(tmp_path, "challenge")):
        assert (sample.label is Label.BONA_FIDE) == (
            "real_part" in sample.paths[Modality.RGB].parts
        )


def test_a_sensor_that_was_not_copied_is_absent(tmp_path: Path) -> None:
    root = draw(tmp_path, "challenge")
    for picture in root.glob("Val/real_part/CLKJ_dev0/real.rssdk/ir/*"):
        picture.unlink()
    sensors = {
        tuple(sample.paths) for sample in index(root) if sample.presentation == "CLKJ_dev0/real"
    }
    assert sensors == {(Modality.RGB, Modality.DEPTH)}


@pytest.mark.parametrize(("part", "pai"), [("real", "01_e_s"), ("fake", "real"), ("fake", "07_x")])
def test_a_video_in_the_wrong_part_is_named(part: str, pai: str, tmp_path: Path) -> None:
    root = draw(tmp_path, "challenge")
    strange = root / "Val" / f"{part}_part" / "CLKJ_dev0" / f"{pai}.rssdk"
    strange.mkdir(exist_ok=True)
    with pytest.raises(DatasetError, match=f"{pai}.rssdk cannot be .*there a video is named"):
        index(root)


@pytest.mark.parametrize("what", ["nothing", "no_frames"])
def test_a_root_that_is_something_else_shows_the_tree(what: str, tmp_path: Path) -> None:
    if what == "no_frames":
        draw(tmp_path, "crop", frames=())
    with pytest.raises(DatasetError) as caught:
        index(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "<root>/{Training,Val,Testing}/{real,fake}_part/<subject>/" in str(caught.value)
    assert "\n" not in str(caught.value)
