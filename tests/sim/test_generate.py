"""The folder that ``unmask simulate`` writes: ordinary, whole, repeatable, never overwritten."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import polars as pl
import pytest

from unmask.config import SimulateConfig
from unmask.datasets.manifest import index
from unmask.errors import ConfigError, OutputError
from unmask.sim.generate import generate, species_by_site
from unmask.sim.sites import SITES
from unmask.sim.species import SPECIES
from unmask.types import Label, Modality

FILM = {"per_site": 2, "sites": ("B", "C"), "frames": 2, "truth": True, "captions": True}


def settings(out: Path, **changes: object) -> SimulateConfig:
    base = SimulateConfig(out=out, per_site=10, sites=("A", "B"), image_size=32, seed=5, workers=1)
    return replace(base, **changes)  # type: ignore[arg-type]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate(settings(tmp_path_factory.mktemp("sim") / "made"))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Short videos with truth and captions."""
    return generate(settings(tmp_path_factory.mktemp("sim") / "film", **FILM))


def test_an_ordinary_data_set_reads_it_back(made: Path) -> None:
    samples = index(made)
    assert len(samples) == 20
    assert {s.site for s in samples} == {"A", "B"}
    for sample in samples:
        assert set(sample.paths) == {Modality.RGB, Modality.DEPTH, Modality.INFRARED}
        assert (sample.label is Label.BONA_FIDE) == (sample.pai_species is None)
        assert {"skin_type", "sex_presentation", "age_group", "session"} <= set(sample.attributes)
        assert ("pai_variant" in sample.attributes) == (sample.label is Label.ATTACK)


def test_pictures_are_aligned_and_of_the_kinds_promised(made: Path) -> None:
    for sample in index(made):
        read = {m: cv2.imread(str(p), cv2.IMREAD_UNCHANGED) for m, p in sample.paths.items()}
        assert read[Modality.RGB].shape == (32, 32, 3)
        assert read[Modality.DEPTH].shape == read[Modality.INFRARED].shape == (32, 32)
        assert read[Modality.DEPTH].dtype == np.uint16
        assert read[Modality.INFRARED].dtype == (np.uint8 if sample.site == "A" else np.uint16)
        assert read[Modality.RGB].std() > 5


def test_bytes_do_not_depend_on_workers(made: Path, film: Path, tmp_path: Path) -> None:
    assert contents(generate(settings(tmp_path / "two", workers=2))) == contents(made)
    again = generate(settings(tmp_path / "film", workers=2, **FILM))
    assert contents(again) == contents(film)


def test_a_presentation_does_not_depend_on_how_many_are_drawn(made: Path, tmp_path: Path) -> None:
    fewer = contents(generate(settings(tmp_path / "few", per_site=4, sites=("B",))) / "images")
    more = contents(made / "images")
    assert len(fewer) == 12
    assert all(more[name] == data for name, data in fewer.items())


def test_another_seed_gives_other_pictures(made: Path, tmp_path: Path) -> None:
    other = contents(generate(settings(tmp_path / "other", seed=6, per_site=1)) / "images")
    assert not set(other) & set(contents(made / "images"))


def test_frames_of_a_film_are_rows_of_one_presentation(film: Path) -> None:
    samples = index(film)
    assert len(samples) == 8
    for first, second in zip(samples[::2], samples[1::2], strict=True):
        assert first.presentation == second.presentation
        assert first.key == f"{first.presentation}-000"
        assert second.key == f"{first.presentation}-001"
        assert (first.attributes["frame"], second.attributes["frame"]) == ("0", "1")
        assert first.attributes["yaw"] != second.attributes["yaw"]
        for modality in (Modality.RGB, Modality.DEPTH, Modality.INFRARED):
            assert first.paths[modality].read_bytes() != second.paths[modality].read_bytes()


def test_the_first_frame_of_a_film_is_the_still(film: Path, tmp_path: Path) -> None:
    still = generate(settings(tmp_path / "still", per_site=2, sites=("B", "C")))
    stills = contents(still / "images")
    frames = contents(film / "images")
    assert len(stills) == 12
    assert all(frames[name.replace("_", "-000_")] == data for name, data in stills.items())


def test_truth_and_captions_come_when_asked_for(made: Path, film: Path) -> None:
    assert not (made / "truth").exists()
    plain = pl.read_parquet(made / "manifest.parquet").columns
    assert not [name for name in plain if name == "truth" or name.startswith("caption")]
    table = pl.read_parquet(film / "manifest.parquet")
    for row in table.iter_rows(named=True):
        with np.load(film / row["truth"]) as truth:
            assert truth["depth"].shape == truth["material"].shape == (32, 32)
            assert len(truth["landmarks"]) == 8
        depth = cv2.imread(str(film / row["depth"]), cv2.IMREAD_UNCHANGED)
        assert depth.shape == (32, 32)
        for modality in ("rgb", "depth", "infrared"):
            assert row[f"caption_{modality}"].endswith(".")
    told = table.group_by("presentation").agg(pl.col("caption_rgb").n_unique())
    assert told["caption_rgb"].to_list() == [1] * 4


def test_an_interrupted_run_is_completed_with_the_same_bytes(made: Path, tmp_path: Path) -> None:
    whole = contents(made)
    part = tmp_path / "part"
    lost = sorted(whole)[3:9]
    for name, data in whole.items():
        if name not in lost and name != "manifest.parquet":
            (part / name).parent.mkdir(parents=True, exist_ok=True)
            (part / name).write_bytes(data)
    (part / "images" / ".part-killed.png").write_bytes(b"half")
    kept = part / sorted(whole)[0]
    before = kept.stat().st_mtime_ns
    generate(settings(part))
    assert contents(part) == whole
    assert kept.stat().st_mtime_ns == before


def test_a_lost_or_empty_file_of_a_film_is_made_again(film: Path, tmp_path: Path) -> None:
    whole = contents(film)
    part = generate(settings(tmp_path / "part", **FILM))
    truths, images = sorted((part / "truth").iterdir()), sorted((part / "images").iterdir())
    truths[3].unlink()
    images[4].unlink()
    images[7].write_bytes(b"")  # as a power cut leaves it
    untouched = images[0].stat().st_mtime_ns
    generate(settings(part, **FILM))
    assert contents(part) == whole
    assert images[0].stat().st_mtime_ns == untouched


@contextmanager
def running(out: Path, *, files: int, **changes: object) -> Iterator[subprocess.Popen[bytes]]:
    """Another process at work, once it has written so many files; killed at the end."""
    config = settings(out, **changes)
    code = (
        "from pathlib import Path, PosixPath, WindowsPath\n"
        "from unmask.config import SimulateConfig\n"
        "from unmask.sim.generate import generate\n"
        f"if __name__ == '__main__': generate({config!r})\n"
    )
    script = out.with_suffix(".py")
    script.write_text(code)
    with subprocess.Popen([sys.executable, script], stderr=subprocess.PIPE) as process:
        while process.poll() is None and len(list(out.glob("images/[!.]*"))) < files:
            time.sleep(0.01)
        try:
            yield process
        finally:
            process.kill()


def test_a_killed_run_leaves_no_broken_file_and_is_completed(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "killed"
    with running(out, files=12):
        pass
    whole = contents(made)
    left = {name: data for name, data in contents(out).items() if ".part-" not in name}
    assert 12 <= len(left) < len(whole)
    assert all(whole[name] == data for name, data in left.items())
    assert contents(generate(settings(out))) == whole


def test_workers_of_a_killed_run_do_not_outlive_it(tmp_path: Path) -> None:
    with running(tmp_path / "killed", files=1, workers=2, per_site=200) as process:
        process.kill()
        process.communicate(timeout=20)  # returns once nobody holds its end of the pipe


def test_two_runs_at_once_are_refused(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "shared"
    with running(out, files=3), pytest.raises(ConfigError, match="another run is writing to"):
        generate(settings(out))
    assert contents(generate(settings(out))) == contents(made)


@pytest.mark.slow
def test_runs_killed_at_random_moments_lose_nothing(tmp_path: Path) -> None:
    changes = {"per_site": 60, "image_size": 64, "frames": 2, "truth": True, "captions": True}
    whole = contents(generate(settings(tmp_path / "whole", workers=2, **changes)))
    out, chance = tmp_path / "killed", random.Random(0)
    for _ in range(6):
        there = len(list(out.glob("images/*")))
        with running(out, files=there + chance.randint(1, 80), workers=2, **changes):
            time.sleep(chance.uniform(0, 0.3))
        time.sleep(0.5)  # its workers leave
        left = {n: data for n, data in contents(out).items() if ".part-" not in n}
        assert there <= len(left) < len(whole)
        assert all(whole[name] == data for name, data in left.items())
    assert contents(generate(settings(out, workers=2, **changes))) == whole


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 9}, {"per_site": 11}, {"image_size": 48}, {"frames": 2}, {"truth": True},
        {"captions": True}, {"sites": ("A",)}, {"species": ("replay",)},
    ],
)  # fmt: skip
def test_another_simulation_is_never_overwritten(made: Path, change: dict[str, object]) -> None:
    before = contents(made)
    with pytest.raises(ConfigError, match=rf"another {next(iter(change))} .* \(now "):
        generate(settings(made, **change))
    assert contents(made) == before


def test_names_in_another_order_are_the_same_simulation(made: Path) -> None:
    before = contents(made)
    assert contents(generate(settings(made, sites=("B", "A")))) == before


def test_a_folder_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "simulation.json").write_text('{"version": 1, "seed": 5}')
    with pytest.raises(ConfigError, match="made by version 1 of the simulator"):
        generate(settings(tmp_path))
    assert [p.name for p in tmp_path.iterdir()] == ["simulation.json"]


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigError, match="not empty"):
        generate(settings(tmp_path))
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("note", [b"{", b"[1]", b"\xff\xfe"])
def test_a_damaged_note_is_reported(note: bytes, tmp_path: Path) -> None:
    (tmp_path / "simulation.json").write_bytes(note)
    with pytest.raises(ConfigError, match=r"simulation\.json is damaged"):
        generate(settings(tmp_path))


def test_a_full_disk_is_one_clear_error_and_the_run_can_go_on(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "full"
    code = (  # the system refuses every byte after the thousandth of a file, as a full disk would
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "from unmask.cli import main\n"
        f"raise SystemExit(main(['simulate', '--out', {str(out)!r}, '--per-site', '10', '--sites',"
        "'A,B', '--image-size', '32', '--seed', '5', '--workers', '1']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode == 2
    assert last.startswith("error: cannot write")
    assert "free some space" in last
    whole = contents(made)
    assert all(whole[name] == data for name, data in contents(out).items())
    assert contents(generate(settings(out))) == whole


def test_a_species_is_made_where_a_site_has_it() -> None:
    sites = [SITES[name] for name in "ABCD"]
    every = species_by_site((), sites)
    assert every == {site.name: site.species for site in sites}
    some = species_by_site(("replay", "mannequin", "print_flat"), sites)
    assert {name: set(found) for name, found in some.items()} == {
        "A": {"print_flat", "replay"},
        "B": {"print_flat", "replay"},
        "C": {"print_flat", "replay", "mannequin"},
        "D": {"replay", "mannequin"},
    }
    assert some == species_by_site(("print_flat", "replay", "mannequin"), sites)


@pytest.mark.parametrize(
    ("sites", "species", "message"),
    [
        (("Mars",), (), r"sites are Mars; name each once, of: A, B, C, D, E, F, G"),
        (("A", "A"), (), r"sites are A, A; name each once"),
        ((), (), r"sites are none; name each once"),
        (("A",), ("hologram",), rf"species are hologram; .* of: {', '.join(SPECIES)}"),
        (("A",), ("replay", "replay"), r"species are replay, replay; name each once"),
        (
            ("A", "B"),
            ("replay", "mannequin"),
            r"none of the sites A, B makes mannequin: .*is made at C, D, F, G; name",
        ),
        (
            ("A", "D"),
            ("mannequin", "print_cloth"),
            r"site A does not make any of these species: mannequin is made at C, D, F, G; print",
        ),
    ],
)
def test_impossible_names_are_answered_with_those_that_exist(
    sites: tuple[str, ...], species: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        generate(settings(tmp_path / "x", sites=sites, species=species))
    assert not (tmp_path / "x").exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file"):
        generate(settings(tmp_path / "file" / "sim"))


def test_folder_says_that_it_is_simulated_and_what_was_asked(film: Path) -> None:
    assert "simulated" in (film / "README.txt").read_text()
    asked = json.loads((film / "simulation.json").read_text())
    assert asked["seed"] == 5
    assert (asked["frames"], asked["truth"], asked["captions"]) == (2, True, True)


def test_simulator_never_imports_torch() -> None:
    modules = "unmask.sim.generate, unmask.sim.contact_sheet"
    code = f"import sys, {modules}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
