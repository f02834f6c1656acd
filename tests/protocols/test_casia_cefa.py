"""CeFA's protocols follow from the names of videos; p4 has exactly those of the published lists."""

import logging
from collections import Counter
from pathlib import Path

import pytest

from unmask.checkup.rows import read_rows
from unmask.config import THREE, DataConfig, DoctorConfig
from unmask.datasets.casia_cefa import index
from unmask.datasets.lists import LAYOUTS, read_list
from unmask.errors import ConfigError, DatasetError
from unmask.protocols import load_protocol
from unmask.types import Label, Modality, Protocol, Sample

LISTS = Path(__file__).parents[3] / "shared" / "lists"
needs_lists = pytest.mark.skipif(not LISTS.exists(), reason="no published lists here")

RGB, DEPTH, INFRARED = THREE
NAMES = {"train": "train", "dev": "dev", "eval": "test"}
RACES = {"AF": 1, "CA": 2, "EA": 3}
KINDS = ("1_1_1", "3_1_2", "3_2_2", "3_1_4", "2_1_1", "3_3_4")
"""As recorded: bona fide, two cloth prints, replay; and two that no list has."""
MASKS = (
    "3D-Mask/{0}/1_{0}_1_0_2_1_1",
    "3D-Mask/{0}/1_{0}_1_0_2_1_2",
    "Silicone-Mask/{0}/2_{0}_1_0_2_1_4",
)


def touch(folder: Path) -> None:
    for sensor in ("profile", "depth", "ir"):
        (folder / sensor).mkdir(parents=True, exist_ok=True)
        (folder / sensor / "0001.jpg").touch()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first and last subject of each set of each ethnicity, and one of each mask."""
    root = tmp_path_factory.mktemp("cefa")
    for name, number in RACES.items():
        for person in (0, 199, 200, 299, 300, 499):
            for kind in KINDS:
                folder = root / f"CeFA-Race/{name}/{name}-{person:03}"
                touch(folder / f"{number}_{person:03}_{kind}")
    for mask in MASKS:
        touch(root / "CeFA-Mask" / mask.format("004"))
    return root


def load(
    root: Path, variant: str, modalities: tuple[Modality, ...] = THREE, lists: Path | None = None
) -> Protocol:
    data = DataConfig(root=root, protocol=f"casia_cefa/{variant}", lists=lists)
    return load_protocol(data, modalities)


def sets(protocol: Protocol) -> dict[str, list[Sample]]:
    return {"train": protocol.train, "dev": protocol.dev, "eval": protocol.eval}


def content(samples: list[Sample]) -> Counter[tuple[str, str]]:
    """How many of each ethnicity ("" for masks) and species."""
    return Counter((s.attributes.get("ethnicity", ""), s.pai_species or "") for s in samples)


def of(names: tuple[str, ...], **species: int) -> dict[tuple[str, str], int]:
    """What each of these ethnicities has, two subjects each."""
    return {(name, s): 2 * n for name in names for s, n in {"": 1, **species}.items()}


MASKED = {("", "mask_3d"): 1, ("", "mask_silicone"): 1}


@pytest.mark.parametrize(("fold", "own"), [("1", "AF"), ("3", "CA"), ("5", "EA")])
def test_p1_and_p4_judge_the_other_two_ethnicities(fold: str, own: str, root: Path) -> None:
    others = tuple(name for name in RACES if name != own)
    for name, samples in sets(load(root, f"p1.{fold}")).items():
        shown = others if name == "eval" else (own,)
        both = of(shown, print_cloth=2, replay=1)
        assert content(samples) == both | (MASKED if name == "eval" else {})
    p4 = load(root, f"p4.{fold}")
    assert content(p4.train) == content(p4.dev) == of((own,), replay=1)
    assert content(p4.eval) == of(others, print_cloth=2) | MASKED


def test_p2_judges_the_species_that_it_did_not_learn(root: Path) -> None:
    every = tuple(RACES)
    cloth, replay = of(every, print_cloth=2), of(every, replay=1)
    p2_1, p2_2 = load(root, "p2.1"), load(root, "p2.2")
    assert content(p2_1.train) == content(p2_1.dev) == cloth
    assert content(p2_1.eval) == replay | MASKED
    assert content(p2_2.train) == content(p2_2.dev) == replay
    assert content(p2_2.eval) == cloth | MASKED


@pytest.mark.parametrize("variant", ["p1.3", "p2.1", "p4.5"])
def test_nobody_is_in_two_sets(variant: str, root: Path) -> None:
    numbers = {
        name: {int(s.subject[3:]) for s in samples if "ethnicity" in s.attributes}
        for name, samples in sets(load(root, variant)).items()
    }
    assert numbers == {"train": {0, 199}, "dev": {200, 299}, "eval": {300, 499}}


@pytest.mark.parametrize(
    ("variant", "learned", "other"),
    [
        ("p3.1", (RGB, DEPTH), INFRARED),
        ("p3.2", (RGB, INFRARED), DEPTH),
        ("p3.3", (DEPTH, INFRARED), RGB),
    ],
)
def test_p3_shows_two_sensors_to_learn_from_and_judges_the_third(
    variant: str, learned: tuple[Modality, ...], other: Modality, root: Path
) -> None:
    folder = {RGB: "profile", DEPTH: "depth", INFRARED: "ir"}
    protocol = load(root, variant, (RGB,))
    for name, samples in sets(protocol).items():
        sensors = (other,) if name == "eval" else learned
        assert all(list(s.paths) == [RGB] for s in samples)
        assert {s.paths[RGB].parent.name for s in samples} == {folder[m] for m in sensors}
        assert len({s.key for s in samples}) == len(samples)
    assert len(protocol.train) == 2 * 2 * 3 * 4
    assert len(protocol.eval) == 2 * 3 * 4 + 2
    with pytest.raises(ConfigError, match=r"in place of RGB, .*ask for --modalities \[rgb\]"):
        load(root, variant)


def test_the_doctor_can_be_asked_for_it(root: Path) -> None:
    config = DoctorConfig(root=root, protocol="casia_cefa/p3.1", images="none", modalities=(RGB,))
    assert read_rows(config).frame["rgb"].str.contains("/ir/").any()


def test_a_small_copy_is_told_beside_the_published_counts(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    load(root, "p4.1")
    assert "casia_cefa/p4.1: eval has 4 bona fide and 10 attack presentations" in caplog.text
    assert "published: 400 and 1,923" in caplog.text


def test_the_list_of_another_fold_is_an_error(root: Path, tmp_path: Path) -> None:
    for name in NAMES.values():
        line = "CASIA_CeFA/Ethnicity/CA/CA-000/2_000_1_1_1/color 0\n"
        (tmp_path / f"CASIA_CeFA@p4.1_video_{name}.txt").write_text(line)
    with pytest.raises(DatasetError, match="shares no video with its list"):
        load(root, "p4.1", lists=tmp_path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every person, and every mask that any public list names, as one empty file each."""
    root = tmp_path_factory.mktemp("whole")
    folders = {
        f"Ethnicity/{name}/{name}-{person:03}/{number}_{person:03}_{kind}"
        for name, number in RACES.items()
        for person in range(500)
        for kind in KINDS[:4]
    }
    for entry in read_list(LISTS / "mmdg" / "C-test.txt", LAYOUTS["mmdg"]):
        if "CeFA-Mask" in entry.paths[0]:
            folders.add("Mask/" + "/".join(entry.paths[0].split("/")[2:5]))
    for folder in folders:
        (root / folder / "color").mkdir(parents=True)
        (root / folder / "color" / "0001.jpg").touch()
    return root


@needs_lists
@pytest.mark.parametrize("fold", [1, 3, 5])
def test_p4_has_the_videos_of_the_lists_and_no_other(
    fold: int, whole: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The masks come from another public list, so that the rule has something to leave out."""
    with caplog.at_level(logging.INFO, logger="unmask"):
        protocol = load(whole, f"p4.{fold}", (RGB,), LISTS / "casia")
    for name, samples in sets(protocol).items():
        path = LISTS / "casia" / f"CASIA_CeFA@p4.{fold}_video_{NAMES[name]}.txt"
        listed = {e.paths[0].split("/")[-2]: e.label for e in read_list(path, LAYOUTS["casia_fas"])}
        assert {s.presentation: s.label for s in samples} == listed
    assert "eval has 400 bona fide and 1,923 attack presentations" in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@needs_lists
def test_p1_and_p2_have_the_published_counts(whole: Path) -> None:
    sizes = {"p1.1": (800, 400, 2723), "p2.1": (1800, 900, 2323), "p2.2": (1200, 600, 2923)}
    for variant, expected in sizes.items():
        protocol = load(whole, variant, (RGB,))
        assert tuple(len(samples) for samples in sets(protocol).values()) == expected


@needs_lists
def test_the_masks_that_p4_leaves_out_are_those_without_a_lamp(whole: Path) -> None:
    masks = [s for s in index(whole) if s.pai_species in ("mask_3d", "mask_silicone")]
    assert Counter(s.attributes["lighting"] == "none" for s in masks) == {True: 532, False: 1123}
    assert all(s.label is Label.ATTACK for s in masks)
