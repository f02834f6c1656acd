"""A protocol is found by name, and no division that would flatter a detector gets through."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from unmask.config import THREE, DataConfig
from unmask.errors import ConfigError, DatasetError
from unmask.protocols import check, load_protocol, names
from unmask.types import Label, Modality, Protocol, Sample

Draw = Callable[..., Path]


def sample(key: str, *, attack: bool, subject: str = "") -> Sample:
    return Sample(
        key=key,
        presentation=key,
        paths={Modality.RGB: Path(f"{key}.png")},
        label=Label.ATTACK if attack else Label.BONA_FIDE,
        pai_species="print" if attack else None,
        subject=subject,
    )


def pair(name: str) -> list[Sample]:
    """One bona fide and one attack sample of a person of their own."""
    return [sample(f"{name}{a}", attack=a, subject=name) for a in (False, True)]


def division(**changed: object) -> Protocol:
    protocol = Protocol(
        name="test/division",
        modalities=(Modality.RGB,),
        train=pair("t"),
        dev=pair("d"),
        eval=pair("e"),
    )
    return replace(protocol, **changed)  # type: ignore[arg-type]


def test_the_split_column_makes_the_sets(squares: Path) -> None:
    protocol = load_protocol(DataConfig(root=squares), THREE)
    assert protocol.name == "manifest/split"
    assert protocol.modalities == THREE
    for name, samples in (
        ("train", protocol.train),
        ("dev", protocol.dev),
        ("eval", protocol.eval),
    ):
        assert [s.key for s in samples] == [f"{name}{i:03d}" for i in range(12)]


def test_rows_without_a_split_are_in_no_set(new_squares: Draw) -> None:
    root = new_squares()
    frame = pl.read_parquet(root / "manifest.parquet")
    without = pl.when(pl.col("key") == "train003").then(pl.lit("")).otherwise("split")
    frame.with_columns(without.alias("split")).write_csv(root / "partly.csv")
    protocol = load_protocol(DataConfig(root=root, manifest="partly.csv"), THREE)
    used = {s.key for s in (*protocol.train, *protocol.dev, *protocol.eval)}
    assert used == set(frame["key"]) - {"train003"}


def test_a_manifest_that_divides_nothing_says_which_column_to_fill(new_squares: Draw) -> None:
    root = new_squares()
    pl.read_parquet(root / "manifest.parquet").drop("split").write_csv(root / "whole.csv")
    with pytest.raises(DatasetError, match="fill its column 'split' with train, dev, eval"):
        load_protocol(DataConfig(root=root, manifest="whole.csv"), THREE)


@pytest.mark.parametrize("name", ["manifest", "manifest/none", "none/split", "../manifest/split"])
def test_an_unknown_protocol_is_answered_with_those_that_exist(name: str, squares: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_protocol(DataConfig(root=squares, protocol=name), THREE)
    assert repr(name) in str(caught.value)
    assert "manifest/split" in names()
    assert all(known in str(caught.value) for known in names())


def test_a_sound_division_passes() -> None:
    check(division())


@pytest.mark.parametrize("name", ["train", "dev", "eval"])
def test_an_empty_set_is_refused(name: str) -> None:
    with pytest.raises(DatasetError, match=f"the {name} set is empty"):
        check(division(**{name: []}))


def test_without_a_dev_set_the_threshold_must_come_from_eval() -> None:
    check(division(dev=[], threshold_from="eval"))


@pytest.mark.parametrize("name", ["train", "dev", "eval"])
@pytest.mark.parametrize(("left", "missing"), [(False, "attack"), (True, "bona_fide")])
def test_a_set_of_one_class_is_refused(name: str, left: bool, missing: str) -> None:  # noqa: FBT001
    with pytest.raises(DatasetError, match=f"the {name} set has 1 samples, but none is {missing}"):
        check(division(**{name: [sample("x", attack=left, subject="x")]}))


def test_a_presentation_in_two_sets_is_refused() -> None:
    frame = replace(sample("later", attack=False), presentation="dTrue")
    with pytest.raises(DatasetError, match=r"presentation 'dTrue' is in dev .* and in eval"):
        check(division(eval=[*pair("e"), frame]))


def test_a_subject_in_two_sets_is_named_with_both_places() -> None:
    again = sample("again", attack=False, subject="t")
    with pytest.raises(DatasetError) as caught:
        check(division(dev=[*pair("d"), again]))
    assert "subject 't' is in train (key 'tFalse') and in dev (key 'again')" in str(caught.value)


def test_a_picture_in_two_sets_is_named_under_both_names() -> None:
    again = replace(sample("again", attack=False), paths={Modality.RGB: Path("tFalse.png")})
    with pytest.raises(DatasetError) as caught:
        check(division(eval=[*pair("e"), again]))
    assert "tFalse.png is in train (key 'tFalse') and in eval (key 'again')" in str(caught.value)


def test_subjects_may_repeat_where_the_protocol_says_so() -> None:
    again = sample("again", attack=False, subject="t")
    check(division(eval=[*pair("e"), again], shared_subjects=True))


def test_unknown_subjects_and_equal_names_in_two_data_sets_are_not_shared() -> None:
    nobody = [sample(f"n{i}", attack=False) for i in range(2)]
    namesake = replace(sample("namesake", attack=False, subject="t"), dataset="elsewhere")
    check(division(train=[*pair("t"), nobody[0]], dev=[*pair("d"), nobody[1], namesake]))


def test_samples_with_none_of_the_asked_modalities_are_refused() -> None:
    blind = replace(sample("blind", attack=False), paths={Modality.DEPTH: Path("x.png")})
    with pytest.raises(DatasetError, match=r"1 of 3 samples in dev .* 'blind'"):
        check(division(dev=[*pair("d"), blind]))


def test_a_modality_that_nobody_captured_is_refused() -> None:
    with pytest.raises(DatasetError, match="no sample in train has depth; the train set has: rgb"):
        check(division(modalities=(Modality.RGB, Modality.DEPTH)))
