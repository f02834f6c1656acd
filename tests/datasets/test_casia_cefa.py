"""The name of a CeFA video is taken apart; both names of the colour folder are read."""

from pathlib import Path

import pytest

from unmask.datasets.casia_cefa import index
from unmask.errors import DatasetError
from unmask.types import Label, Modality, Sample

RELEASES = {
    "casia_fas": ("CASIA_CeFA/Ethnicity", "CASIA_CeFA/Mask", "color"),
    "mmdg": ("CeFA/CeFA-Race", "CeFA/CeFA-Mask", "profile"),
    "bare": ("Ethnicity", "Mask", "color"),
}
PEOPLE = ("AF/AF-120/1_120_1_1_1", "AF/AF-120/1_120_3_1_4", "EA/EA-301-198006250024/3_301_3_2_2")
MASKS = ("3D-Mask/073/1_073_0_1_2_2_3", "Silicone-Mask/005/2_005_1_0_2_1_2")


def draw(root: Path, release: str) -> Path:
    people, masks, colour = RELEASES[release]
    videos = [*(f"{people}/{name}" for name in PEOPLE), *(f"{masks}/{name}" for name in MASKS)]
    for video in videos:
        for sensor in (colour, "depth", "ir"):
            (root / video / sensor).mkdir(parents=True)
            for frame in ("0001", "0002"):
                (root / video / sensor / f"{frame}.jpg").touch()
    return root


def by_video(root: Path) -> dict[str, Sample]:
    return {sample.presentation: sample for sample in index(root)}


@pytest.mark.parametrize("release", RELEASES)
def test_a_name_says_who_what_where_and_with_which_device(release: str, tmp_path: Path) -> None:
    samples = by_video(draw(tmp_path, release))
    bona_fide, replay, cloth, mask, silicone = samples.values()
    assert bona_fide.label is Label.BONA_FIDE
    assert bona_fide.key == "1_120_1_1_1/0002"
    assert bona_fide.subject == replay.subject == "AF-120"
    assert bona_fide.attributes == {
        "ethnicity": "AF",
        "device": "rssdk",
        "session": "indoor",
        "pai": "1",
        "frame": "0002",
    }
    assert replay.pai_species == "replay"
    assert replay.attributes["device"] == "bag"
    assert (cloth.pai_species, cloth.subject) == ("print_cloth", "EA-301")
    assert (cloth.attributes["ethnicity"], cloth.attributes["session"]) == ("EA", "outdoor")
    assert (mask.pai_species, mask.subject) == ("mask_3d", "mask_3d-073")
    assert mask.attributes == {
        "dressed": "no",
        "glasses": "yes",
        "device": "d435i",
        "session": "outdoor",
        "lighting": "along",
        "frame": "0002",
    }
    assert (silicone.pai_species, silicone.subject) == ("mask_silicone", "mask_silicone-005")
    for sample in samples.values():
        assert list(sample.paths) == [Modality.RGB, Modality.DEPTH, Modality.INFRARED]
        assert all(path.is_file() for path in sample.paths.values())


def test_the_table_of_ages_gives_what_it_has(tmp_path: Path) -> None:
    root = draw(tmp_path, "casia_fas")
    table = root / "CASIA_CeFA" / "AF_Age_Gender.txt"
    for line, expected in (
        ("AF-120 1998 F", {"birth_year": "1998", "sex": "F"}),
        ("AF-120  M", {"sex": "M"}),
        ("AF-120 11 M", {"sex": "M"}),
        ("AF-120  ", {}),
        ("AF-121 1998 F", {}),
    ):
        table.write_text(f"AF-000 1999 F\n{line}\n")
        told = by_video(root)["1_120_1_1_1"].attributes
        assert {k: v for k, v in told.items() if k in {"birth_year", "sex"}} == expected


@pytest.mark.parametrize(
    "video",
    [
        "Ethnicity/AF/AF-120/1_121_1_1_1",  # of another subject
        "Ethnicity/AF/AF-120/2_120_1_1_1",  # of another ethnicity
        "Ethnicity/AF/AF-120/1_120_1_1_9",  # no such species
        "Ethnicity/AF/AF-120/1_120_1_1",
        "Mask/3D-Mask/073/2_073_0_1_2_2_3",  # silicone among the printed
        "Mask/3D-Mask/073/1_073_0_1_2_2_5",
    ],
)
def test_a_name_that_contradicts_its_folder_is_refused(video: str, tmp_path: Path) -> None:
    root = draw(tmp_path, "bare")
    (root / video / "color").mkdir(parents=True)
    with pytest.raises(DatasetError, match=f"{video} is not named as a video of this set"):
        index(root)


def test_a_root_that_is_something_else_shows_the_tree(tmp_path: Path) -> None:
    with pytest.raises(DatasetError) as caught:
        index(tmp_path)
    assert "<root>/{Ethnicity,CeFA-Race}/{AF,CA,EA}/<AF-120>/" in str(caught.value)
    assert "{Mask,CeFA-Mask}" in str(caught.value)
    assert "\n" not in str(caught.value)
