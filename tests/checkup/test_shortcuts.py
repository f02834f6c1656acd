"""The area that a field reaches by itself, against a library, chance, and fields that may tell."""

import numpy as np
import polars as pl
from sklearn.metrics import roc_auc_score

from unmask.checkup.shortcuts import _area, area


def presentations(field: list[str], *, attacks: int = 150, people: int = 60) -> pl.DataFrame:
    n = len(field)
    return pl.DataFrame(
        {
            "presentation": [f"v{k}" for k in range(n)],
            "subject": [f"s{k % people}" for k in range(n)],
            "dataset": "d",
            "label": ["attack"] * attacks + ["bona_fide"] * (n - attacks),
            "field": field,
        }
    )


def test_the_area_is_that_of_a_library_with_ties() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        score, label = rng.integers(0, 6, 90) / 6, rng.random(90) < 0.4
        np.testing.assert_allclose(_area(score, label), roc_auc_score(label, score))


def test_fields_without_a_say_are_at_chance_however_many_values_they_have() -> None:
    rng = np.random.default_rng(1)
    for values in (2, 5, 40, 300):
        for _ in range(20):
            field = [str(v) for v in rng.integers(0, values, 300)]
            assert area(presentations(field), "field") == 0.5


def test_a_field_that_only_names_people_or_files_is_at_chance() -> None:
    names = [f"s{k % 60}" for k in range(300)]
    assert area(presentations(names), "field") == 0.5
    assert area(presentations([f"file {k}" for k in range(300)]), "field") == 0.5


def test_a_field_that_is_right_in_nine_of_ten_reaches_about_0_9() -> None:
    rng = np.random.default_rng(2)
    label = np.arange(300) >= 150
    field = [str(v) for v in np.where(rng.random(300) < 0.9, label, ~label)]
    assert 0.83 < area(presentations(field), "field") < 0.96


def test_a_field_that_only_attacks_have_is_about_the_attack() -> None:
    field = ["paper", "cloth"] * 75 + [""] * 150
    assert area(presentations(field), "field") == 0.5
