"""Protocols of a manifest divide what the simulator makes; the counts in their files are true."""

import importlib
from pathlib import Path

import polars as pl
import pytest

from unmask.config import THREE, DataConfig
from unmask.protocols import load_protocol, names
from unmask.sim.generate import manifest_row
from unmask.sim.plan import make_plan
from unmask.sim.sites import SITES

PER_SPECIES = 50
"""Presentations per species and site, with as many bona fide ones in the same number."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The table of a simulation of every site; nothing is rendered, rows of a set share files."""
    root = tmp_path_factory.mktemp("simulated")
    rows = []
    for site in SITES.values():
        species = site.species
        plans = [make_plan(0, site, species, i) for i in range(PER_SPECIES * len(species))]
        made = [manifest_row(plan) for plan in plans]
        for row in made:
            images = {name: f"{site.name}_{row['split']}_{name}.png" for name in THREE}
            for path in images.values():
                (root / path).touch()
            rows.append(row | images)
    pl.DataFrame(rows).write_parquet(root / "manifest.parquet")
    return root


def counts(root: Path, name: str) -> tuple[int, int, int]:
    protocol = load_protocol(DataConfig(root=root, protocol=name), THREE)
    return len(protocol.train), len(protocol.dev), len(protocol.eval)


def per_site(names: str = "ABCD") -> int:
    return sum(PER_SPECIES * len(SITES[name].species) for name in names)


def reads_a_manifest(name: str) -> bool:
    """Others are about one data set in its own folders."""
    file = importlib.import_module(f"unmask.protocols.{name.partition('/')[0]}")
    return hasattr(file, "read_sets") or hasattr(file, "read_sites")


@pytest.mark.parametrize("name", filter(reads_a_manifest, names()))
def test_every_protocol_divides_a_simulation(name: str, root: Path) -> None:
    assert all(counts(root, name))


@pytest.mark.parametrize("name", ["simulated/within", "missing_modality/rgb_only"])
def test_three_fifths_train_one_fifth_sets_the_threshold_one_fifth_judges(
    name: str, root: Path
) -> None:
    n = per_site()
    assert counts(root, name) == (3 * n / 5, n / 5, n / 5)


def test_half_of_each_set_is_bona_fide(root: Path) -> None:
    protocol = load_protocol(DataConfig(root=root, protocol="simulated/within"), THREE)
    for samples in (protocol.train, protocol.dev, protocol.eval):
        assert 2 * sum(s.pai_species is None for s in samples) == len(samples)


@pytest.mark.parametrize("site", "ABCD")
def test_no_species_is_new_at_the_site_left_out(site: str, root: Path) -> None:
    data = DataConfig(root=root, protocol=f"leave_one_site_out/{site}")
    protocol = load_protocol(data, THREE)
    assert {s.pai_species for s in protocol.eval} <= {s.pai_species for s in protocol.train}


@pytest.mark.parametrize("site", "ABCD")
def test_counts_of_leaving_a_site_out(site: str, root: Path) -> None:
    n = per_site("ABCD".replace(site, ""))
    assert counts(root, f"leave_one_site_out/{site}") == (3 * n / 5, n / 5, per_site(site))


def test_counts_of_limited_sites(root: Path) -> None:
    n = per_site("AB")
    assert counts(root, "limited_sites/ab_to_cd") == (3 * n / 5, n / 5, per_site("CD"))


@pytest.mark.parametrize("name", [name for name in names() if name.startswith("flexible/")])
def test_flexible_sets_have_enough_of_both_classes(name: str, root: Path) -> None:
    """Of 1,250 presentations; four times as many are usual. Folds judge three species."""
    protocol = load_protocol(DataConfig(root=root, protocol=name), THREE)
    judged = 20 if "cross_ethnicity" in name else 30
    for samples, fewest in ((protocol.train, 15), (protocol.dev, 6), (protocol.eval, judged)):
        bona_fide = sum(s.pai_species is None for s in samples)
        assert min(bona_fide, len(samples) - bona_fide) >= fewest


def test_folds_share_the_bona_fide_of_train_and_dev_and_judge_each_of_eval_twice(
    root: Path,
) -> None:
    folds = [
        load_protocol(DataConfig(root=root, protocol=f"flexible/cross_ethnicity_{fold}"), THREE)
        for fold in (1, 2, 3)
    ]
    n = per_site()
    for split, bona_fide in (("train", 3 * n / 10), ("dev", n / 10), ("eval", 2 * n / 10)):
        found = [s for fold in folds for s in getattr(fold, split) if s.pai_species is None]
        assert len(found) == bona_fide
        assert len({s.key for s in found}) == bona_fide / (2 if split == "eval" else 1)
