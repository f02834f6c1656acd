"""MMDG, Flex-Modal and WMCA on their real lists, with empty files where the lists say frames are.

The counts are those of the papers and of the lists; nothing here opens a picture.
"""

import csv
from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

import pytest

from unmask.config import DataConfig
from unmask.datasets.lists import LAYOUTS, Entry, distinct, read_list
from unmask.datasets.padisi import TABLE
from unmask.datasets.wmca import SPECIES
from unmask.protocols import load_protocol
from unmask.types import Label, Modality, Protocol, Sample

LISTS = Path(__file__).parents[3] / "shared" / "lists"
pytestmark = pytest.mark.skipif(not LISTS.is_dir(), reason="no published lists here")

FRAMES = {  # rows, bona fide, attacks, rows that stand twice
    "mmdg/C-train.txt": (4800, 1200, 3600, 0),
    "mmdg/C-val.txt": (2401, 601, 1800, 0),
    "mmdg/C-test.txt": (6739, 1200, 5539, 4),
    "mmdg/P-train.txt": (1090, 597, 493, 0),
    "mmdg/P-val.txt": (272, 145, 127, 0),
    "mmdg/P-test.txt": (667, 363, 304, 0),
    "mmdg/S-train.txt": (6297, 900, 5397, 20),
    "mmdg/S-val.txt": (2100, 300, 1800, 0),
    "mmdg/S-test.txt": (12564, 1800, 10764, 56),
    "mmdg/W-train.txt": (1695, 372, 1323, 0),
    "mmdg/W-val.txt": (1671, 324, 1347, 0),
    "mmdg/W-test.txt": (1671, 345, 1326, 0),
    "flexmodal/WMCA_test.txt": (5037, 1041, 3996, 0),
}
SPLITS = {  # bona fide and attacks of train, dev and eval
    "p1_cps_to_w": ((2697, 9490), (1046, 3727), (345, 1326)),
    "p1_cpw_to_s": ((2169, 5416), (1070, 3274), (1800, 10764)),
    "p1_csw_to_p": ((2472, 10320), (1225, 4947), (363, 304)),
    "p1_psw_to_c": ((1869, 7213), (769, 3274), (1200, 5539)),
    "p3_cw_to_ps": ((1572, 4923), (925, 3147), (2163, 11068)),
    "p3_ps_to_cw": ((1497, 5890), (445, 1927), (1545, 6865)),
}
FLEX_SPECIES = {
    "fakehead": "fake_head",
    "flexiblemask": "flexible_mask",
    "glasses": "glasses",
    "papermask": "paper_mask",
    "print": "print",
    "replay": "replay",
    "rigidmask": "rigid_mask",
}


def entries(name: str) -> list[Entry]:
    return read_list(LISTS / name, LAYOUTS["mmdg_padisi" if "/P-" in name else "mmdg"])


def touch(root: Path, name: str) -> None:
    """An empty file for every colour frame or array that a list names."""
    for folder, paths in groupby(entries(name), lambda entry: Path(entry.paths[0]).parent):
        (root / folder).mkdir(parents=True, exist_ok=True)
        for entry in paths:
            (root / entry.paths[0]).touch()


@pytest.fixture(scope="module")
def wmca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("wmca")
    touch(root, "flexmodal/WMCA_test.txt")
    return root


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that the lists name, and a table for PADISI-Face: 40,000 files."""
    root = tmp_path_factory.mktemp("published")
    for name in FRAMES:
        touch(root / "PADISI-Face" if "/P-" in name else root, name)
    labels = {Path(e.paths[0]).stem: e.label for n in FRAMES if "/P-" in n for e in entries(n)}
    with (LISTS / "padisi" / "partition_3folds_part0.csv").open() as partition:
        rows = [
            f"{row['transaction_id']},{row['trial_id']},{code},{row['transaction_id']}"
            for row in csv.DictReader(partition)
            for code in ["m00000" if labels[row["trial_id"]] is Label.BONA_FIDE else "m50101"]
        ]
    head = "transaction_id,trial_id,ground_truth,participant_id"
    (root / "PADISI-Face" / TABLE).write_text("\n".join([head, *rows]))
    return root


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lists of MMDG, and Flex-Modal's joint ones, made of the same lines."""
    folder = tmp_path_factory.mktemp("lists")
    for file in (LISTS / "mmdg").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    for part in ("train", "val", "test"):
        halves = [(LISTS / "mmdg" / f"{of}-{part}.txt").read_bytes() for of in ("S", "C")]
        (folder / f"CASIA-SURF_CeFA_{part}.txt").write_bytes(b"\r\n".join(halves))
    wmca = (LISTS / "flexmodal" / "WMCA_test.txt").read_bytes()
    (folder / "WMCA_test.txt").write_bytes(wmca)
    return folder


def divide(root: Path, lists: Path, protocol: str) -> Protocol:
    data = DataConfig(root=root, lists=lists, protocol=protocol)
    return load_protocol(data, (Modality.RGB,))


def counted(samples: Iterable[Sample]) -> tuple[int, int]:
    found = Counter(sample.label for sample in samples)
    return found[Label.BONA_FIDE], found[Label.ATTACK]


@pytest.mark.parametrize("name", FRAMES)
def test_a_list_has_the_published_lines(name: str) -> None:
    rows = entries(name)
    found = Counter(entry.label for entry in rows)
    twice = len(rows) - len(distinct(rows))
    assert (len(rows), found[Label.BONA_FIDE], found[Label.ATTACK], twice) == FRAMES[name]


def test_species_are_those_of_the_lists_by_species() -> None:
    found = Counter()
    for word, species in FLEX_SPECIES.items():
        for entry in entries(f"flexmodal/WMCA_test_{word}.txt"):
            if entry.label is Label.ATTACK:
                kind, pai = Path(entry.paths[0]).parts[2].split("_")[3:]
                assert SPECIES[kind, pai] == species
                found[species] += 1
    assert found.total() == 3996


@pytest.mark.slow
@pytest.mark.parametrize("split", SPLITS)
def test_mmdg_has_the_published_frames(root: Path, lists: Path, split: str) -> None:
    protocol = divide(root, lists, f"mmdg/{split}")
    sources, targets = split.split("_")[1].upper(), split.split("_")[3].upper()
    sets = {
        "train": (protocol.train, sources, "train"),
        "dev": (protocol.dev, sources, "val"),
        "eval": (protocol.eval, targets, "test"),
    }
    for (samples, domains, part), expected in zip(sets.values(), SPLITS[split], strict=True):
        twice = sum(FRAMES[f"mmdg/{domain}-{part}.txt"][3] for domain in domains)
        found = counted(samples)
        assert sum(found) == sum(expected) - twice
        assert found[0] <= expected[0]
        assert found[1] <= expected[1]
        assert len({(s.dataset, s.key) for s in samples}) == len(samples)


@pytest.mark.slow
def test_padisi_has_the_published_captures(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    protocol = divide(root, LISTS / "padisi", "padisi/part0")
    assert list(map(counted, sets(protocol))) == [(597, 493), (145, 127), (363, 304)]
    assert "published:" not in caplog.text


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["p1_intra", "p2_cross"])
def test_flex_modal_has_the_published_frames(
    root: Path, lists: Path, variant: str, caplog: pytest.LogCaptureFixture
) -> None:
    protocol = divide(root, lists, f"flex_modal/{variant}")
    train, dev, judged = map(counted, (protocol.train, protocol.dev, protocol.eval))
    assert sum(train) == 11_097 - 20
    assert "published:" not in caplog.text, "all counts are as published"
    if variant.endswith("cross"):
        assert (sum(dev), judged) == (4501, (1041, 3996))
    else:
        assert sum(dev) == 4500, "less the frame that is judged"
        assert sum(judged) == 19_303 - 60
        assert "1_300_1_1_1" in caplog.text


@pytest.fixture(scope="module")
def grandtest(wmca: Path) -> Protocol:
    return divide(wmca, LISTS / "casia", "wmca/grandtest")


def test_grandtest_has_the_published_videos(grandtest: Protocol) -> None:
    videos = [{s.presentation: s for s in part}.values() for part in sets(grandtest)]
    assert list(map(counted, videos)) == [(124, 441), (108, 449), (115, 442)]
    assert [len({s.subject for s in part}) for part in sets(grandtest)] == [35, 34, 34]
    species = [Counter(s.pai_species for s in part if s.pai_species) for part in videos]
    assert species[0]["paper_mask"] == species[1]["paper_mask"] == 0
    assert species[2]["paper_mask"] == 71
    instruments = [{s.presentation.split("_", 3)[3] for s in part} for part in attacks(grandtest)]
    assert not (instruments[0] & instruments[1] or instruments[0] & instruments[2])
    assert not instruments[1] & instruments[2]


def test_presenters_of_wmca_are_not_kept_apart(grandtest: Protocol) -> None:
    presenters = {s.attributes["presenter"] for s in grandtest.train if s.label is Label.ATTACK}
    people = {s.subject for s in grandtest.eval if s.label is Label.BONA_FIDE}
    assert len(presenters & people) > 10, "as its docstring says"


@pytest.mark.parametrize(
    ("species", "judged"),
    [
        ("fake_head", 17),
        ("flexible_mask", 137),
        ("glasses", 22),
        ("paper_mask", 71),
        ("print", 66),
        ("replay", 80),
        ("rigid_mask", 49),
    ],
)
def test_an_unseen_species_is_judged_alone_and_nobody_is_in_two_sets(
    wmca: Path, species: str, judged: int, caplog: pytest.LogCaptureFixture
) -> None:
    protocol = divide(wmca, LISTS / "casia", f"wmca/unseen_{species}")
    found = [{s.presentation: s for s in part} for part in sets(protocol)]
    assert species not in {s.pai_species for part in found[:2] for s in part.values()}
    assert {s.pai_species for s in found[2].values()} == {None, species}
    assert counted(found[2].values()) == (115, judged)
    assert [counted(part.values())[0] for part in found[:2]] == [124, 108]
    assert not found[0].keys() & found[1].keys()
    assert not (found[0].keys() | found[1].keys()) & found[2].keys()
    assert "published:" not in caplog.text, "all counts are as published"


def sets(protocol: Protocol) -> tuple[list[Sample], list[Sample], list[Sample]]:
    return protocol.train, protocol.dev, protocol.eval


def attacks(protocol: Protocol) -> list[list[Sample]]:
    return [[s for s in part if s.label is Label.ATTACK] for part in sets(protocol)]
