"""The folder that ``unmask simulate`` writes: ordinary, whole, repeatable, never overwritten."""

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from unmask.config import SimulateConfig
from unmask.datasets.manifest import index
from unmask.errors import ConfigError, OutputError
from unmask.sim.generate import generate
from unmask.types import Label, Modality


def settings(out: Path, **changes: object) -> SimulateConfig:
    base = SimulateConfig(out=out, per_site=10, image_size=32, seed=5, workers=1)
    return replace(base, **changes)  # type: ignore[arg-type]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate(settings(tmp_path_factory.mktemp("sim") / "made"))


def test_an_ordinary_data_set_reads_it_back(made: Path) -> None:
    samples = index(made)
    assert len(samples) == 20
    assert {s.site for s in samples} == {"A", "B"}
    for sample in samples:
        assert set(sample.paths) == {Modality.RGB, Modality.DEPTH, Modality.INFRARED}
        assert (sample.label is Label.BONA_FIDE) == (sample.pai_species is None)
        assert {"skin_type", "sex_presentation", "age_group", "session"} <= set(sample.attributes)


def test_pictures_are_aligned_and_of_the_kinds_promised(made: Path) -> None:
    for sample in index(made):
        read = {m: cv2.imread(str(p), cv2.IMREAD_UNCHANGED) for m, p in sample.paths.items()}
        assert read[Modality.RGB].shape == (32, 32, 3)
        assert read[Modality.DEPTH].shape == read[Modality.INFRARED].shape == (32, 32)
        assert read[Modality.DEPTH].dtype == np.uint16
        assert read[Modality.INFRARED].dtype == (np.uint8 if sample.site == "A" else np.uint16)
        assert read[Modality.RGB].std() > 5


def test_bytes_do_not_depend_on_workers(made: Path, tmp_path: Path) -> None:
    assert contents(generate(settings(tmp_path / "two", workers=2))) == contents(made)


def test_a_presentation_does_not_depend_on_how_many_are_drawn(made: Path, tmp_path: Path) -> None:
    fewer = contents(generate(settings(tmp_path / "few", per_site=4, sites=("B",))) / "images")
    more = contents(made / "images")
    assert len(fewer) == 12
    assert all(more[name] == data for name, data in fewer.items())


def test_another_seed_gives_other_pictures(made: Path, tmp_path: Path) -> None:
    other = contents(generate(settings(tmp_path / "other", seed=6, per_site=1)) / "images")
    assert not set(other) & set(contents(made / "images"))


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


def test_a_killed_run_leaves_no_broken_file_and_is_completed(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "killed"
    code = (
        "from pathlib import Path; from unmask.config import SimulateConfig; "
        "from unmask.sim.generate import generate; generate(SimulateConfig("
        f"out=Path({str(out)!r}), per_site=10, image_size=32, seed=5, workers=1))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and len(list(out.glob("images/[!.]*"))) < 12:
            time.sleep(0.01)
        process.kill()
    whole = contents(made)
    left = {name: data for name, data in contents(out).items() if ".part-" not in name}
    assert 12 <= len(left) < len(whole)
    assert all(whole[name] == data for name, data in left.items())
    assert contents(generate(settings(out))) == whole


@pytest.mark.parametrize("change", [{"seed": 9}, {"per_site": 11}, {"image_size": 48}])
def test_another_simulation_is_never_overwritten(made: Path, change: dict[str, int]) -> None:
    before = contents(made)
    with pytest.raises(ConfigError, match=next(iter(change))):
        generate(settings(made, **change))
    assert contents(made) == before


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigError, match="not empty"):
        generate(settings(tmp_path))
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_damaged_note_is_reported(tmp_path: Path) -> None:
    (tmp_path / "simulation.json").write_text("{")
    with pytest.raises(ConfigError, match=r"simulation\.json"):
        generate(settings(tmp_path))


def test_unknown_names_are_answered_with_those_that_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"Mars.*A, B"):
        generate(settings(tmp_path / "x", sites=("Mars",)))
    with pytest.raises(ConfigError, match=r"hologram.*print_flat"):
        generate(settings(tmp_path / "x", species=("hologram",)))
    assert not (tmp_path / "x").exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file"):
        generate(settings(tmp_path / "file" / "sim"))


def test_folder_says_that_it_is_simulated(made: Path) -> None:
    assert "simulated" in (made / "README.txt").read_text()
    assert json.loads((made / "simulation.json").read_text())["seed"] == 5


def test_simulator_never_imports_torch() -> None:
    modules = "unmask.sim.generate, unmask.sim.contact_sheet"
    code = f"import sys, {modules}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
