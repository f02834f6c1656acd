"""Protocol 1 follows from the folders and has exactly the videos of the published lists."""

import logging
from pathlib import Path

import pytest
from PIL import Image

from unmask.cli import main
from unmask.config import THREE, DataConfig
from unmask.datasets.lists import LAYOUTS, read_list
from unmask.errors import DatasetError
from unmask.metrics.scores import per_presentation, read_scores
from unmask.protocols import load_protocol
from unmask.types import Label, Protocol, Sample

LISTS = Path(__file__).parents[3] / "shared" / "lists" / "casia"
needs_lists = pytest.mark.skipif(not LISTS.exists(), reason="no published lists here")

NAMES = {"train": "train", "dev": "dev", "eval": "test"}
SENSORS = ("color", "depth", "ir")
ALL = ("real", "01_e_s", "02_e_b", "03_en_s", "04_en_b", "05_enm_s", "06_enm_b")


def listed(name: str) -> dict[str, Label]:
    path = LISTS / f"CASIA_SURF@p1_video_{NAMES[name]}.txt"
    return {e.paths[0]: e.label for e in read_list(path, LAYOUTS["casia_fas"])}


def place(of_set: str, subject: str, pai: str) -> str:
    whole = {"train": "Training", "dev": "Val", "eval": "Testing"}[of_set]
    part = "real" if pai == "real" else "fake"
    return f"CASIA_SURF/Data/{whole}/{part}_part/{subject}/{pai}.rssdk"


def draw(root: Path, people: int = 2, frames: int = 3) -> Path:
    """All seven videos of some people in each set: grey JPEG pictures, attacks darker."""
    for of_set in NAMES:
        for person in range(people):
            for pai in ALL:
                video = root / place(of_set, f"CLKJ_{of_set}{person}", pai)
                for number, sensor in enumerate(SENSORS):
                    (video / sensor).mkdir(parents=True)
                    for frame in range(frames):
                        level = (200 if pai == "real" else 80) + 10 * number + frame
                        picture = Image.new("RGB", (40, 40), (level,) * 3)
                        picture.save(video / sensor / f"{10 * frame + 1}.jpg")
    return root


def write_lists(folder: Path, *, without: str = "", label: str = "1") -> Path:
    """Lists of what ``draw`` draws, less one video, with one attack's label."""
    folder.mkdir()
    cuts = {"train": ALL[4:], "dev": ALL[1:4], "eval": ALL[1:4]}
    for of_set, name in NAMES.items():
        lines = []
        for person in range(2):
            for pai in ("real", *cuts[of_set]):
                digit = "0" if pai == "real" else label if pai == "05_enm_s" else "1"
                lines.append(f"{place(of_set, f'CLKJ_{of_set}{person}', pai)}/color {digit}")
        kept = [line for line in lines if not without or without not in line]
        (folder / f"CASIA_SURF@p1_video_{name}.txt").write_text("\n".join(kept))
    return folder


def load(root: Path, **settings: object) -> Protocol:
    data = DataConfig(root=root, protocol="casia_surf/p1", depth="relative", **settings)  # type: ignore[arg-type]
    return load_protocol(data, THREE)


def videos(samples: list[Sample]) -> set[str]:
    return {sample.presentation for sample in samples}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw(tmp_path_factory.mktemp("surf"))


@needs_lists
def test_a_whole_copy_has_the_published_videos_of_each_set(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Every video of the lists, and the attacks that the protocol leaves out, as empty files."""
    for name in NAMES:
        for folder in listed(name):
            for video in {folder, folder.replace("01_e_s", "04_en_b"), _cut(folder)}:
                (tmp_path / video).mkdir(parents=True, exist_ok=True)
                (tmp_path / video / "1.jpg").touch()
    with caplog.at_level(logging.INFO, logger="unmask"):
        data = DataConfig(root=tmp_path, protocol="casia_surf/p1", lists=LISTS)
        protocol = load_protocol(data, THREE[:1])
    for name, samples in (
        ("train", protocol.train),
        ("dev", protocol.dev),
        ("eval", protocol.eval),
    ):
        found = {str(s.paths[THREE[0]].parent.relative_to(tmp_path)): s.label for s in samples}
        assert found == listed(name)
    assert "eval has 600 bona fide and 1,791 attack presentations of 600 subjects" in caplog.text
    assert "train has 300 bona fide and 900 attack presentations of 300 subjects" in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def _cut(folder: str) -> str:
    """A video of an attack that the set does not use."""
    return folder.replace("04_en_b", "02_e_b")


def test_each_set_has_its_own_cuts_and_people(root: Path) -> None:
    protocol = load(root)
    cuts = {
        name: {s.attributes["pai"] for s in samples}
        for name, samples in (("train", protocol.train), ("dev", protocol.dev))
    }
    assert cuts["train"] == {"real", "04_en_b", "05_enm_s", "06_enm_b"}
    assert cuts["dev"] == {s.attributes["pai"] for s in protocol.eval} == set(ALL[:4])
    assert len(protocol.train) == len(protocol.dev) == len(protocol.eval) == 2 * 4 * 3


def test_dev_and_eval_are_thinned_and_train_is_not(root: Path) -> None:
    protocol = load(root, frames="first_and_last")
    assert len(protocol.train) == 2 * 4 * 3
    assert len(protocol.dev) == len(protocol.eval) == 2 * 4 * 2
    assert {s.attributes["frame"] for s in protocol.eval} == {"1", "21"}


def test_a_small_copy_is_told_beside_the_published_counts(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    load(root)
    assert (
        "eval has 2 bona fide and 6 attack presentations of 2 subjects in 24 frames; "
        "published: 600 and 1,791"
    ) in caplog.text
    assert len(caplog.records) == 3


def test_equal_lists_pass_and_a_missing_video_is_told_once(
    root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    load(root, lists=write_lists(tmp_path / "whole"))
    assert "list" not in caplog.text
    load(root, lists=write_lists(tmp_path / "less", without="CLKJ_dev1/02_e_b"))
    told = "dev: 1 videos of the data are not in the list (first: CLKJ_dev1/02_e_b)"
    assert caplog.text.count(told) == 1


def test_a_listed_video_that_was_not_copied_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = draw(tmp_path / "data", frames=1)
    for sensor in SENSORS:
        (root / place("eval", "CLKJ_eval0", "real") / sensor / "1.jpg").unlink()
    load(root, lists=write_lists(tmp_path / "lists"))
    assert "1 video folders have no picture and are left out" in caplog.text
    assert "eval: 1 listed videos are not in the data (first: CLKJ_eval0/real)" in caplog.text


def test_a_list_of_other_polarity_or_other_data_is_an_error(root: Path, tmp_path: Path) -> None:
    turned = write_lists(tmp_path / "turned", label="0")
    with pytest.raises(DatasetError, match="05_enm_s is attack by its folder, but bona_fide in"):
        load(root, lists=turned)
    other = write_lists(tmp_path / "other")
    for path in other.iterdir():
        path.write_text(path.read_text().replace("CLKJ", "XYZ"))
    with pytest.raises(DatasetError, match="shares no video with its list"):
        load(root, lists=other)
    with pytest.raises(DatasetError, match=r"has no CASIA_SURF@p1_video_train\.txt, .*data.lists"):
        load(root, lists=root)


def test_a_subject_in_two_parts_and_a_picture_in_two_parts_are_refused(tmp_path: Path) -> None:
    root = draw(tmp_path, people=1, frames=1)
    moved = root / "CASIA_SURF/Data/Val/real_part/CLKJ_dev0"
    moved.rename(moved.with_name("CLKJ_train0"))
    with pytest.raises(DatasetError, match="are the same video"):
        load(root)
    for pai in ("05_enm_s", "real"):
        video = root / place("train", "CLKJ_train0", pai)
        for sensor in SENSORS:
            (video / sensor / "1.jpg").unlink()
            (video / sensor).rmdir()
        video.rmdir()
    with pytest.raises(DatasetError, match="the train set has 2 samples, but none is bona_fide"):
        load(root)


def test_the_whole_way_from_the_folders_to_scores_of_videos(root: Path, tmp_path: Path) -> None:
    data = ["--data.root", str(root), "--data.protocol", "casia_surf/p1"]
    data += ["--data.depth", "relative", "--data.frames", "first_and_last"]
    small = ["--model.name", "big_moe/tiny_test", "--modalities", "[depth]"]
    steps = ["--optim.steps", "1", "--optim.batch_size", "4"]
    run, out = tmp_path / "run", tmp_path / "scores"
    assert main(["train", *data, *small, *steps, "--out", str(run)]) == 0
    assert main(["evaluate", "--checkpoint", str(run), *data, "--out", str(out)]) == 0
    scores = read_scores(out / "eval.csv")
    assert len(scores) == 2 * 4 * 2
    assert set(scores.table["frames"]) == {"first_and_last"}
    of_videos = per_presentation(scores)
    assert len(of_videos) == 8
    assert set(of_videos.table["pai_species"]) == {
        "",
        "print_cut_eyes_flat",
        "print_cut_eyes_bent",
        "print_cut_eyes_nose_flat",
    }
