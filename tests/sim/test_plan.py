"""What is drawn before rendering: balanced, disjoint by person, and free of shortcuts."""

from collections import Counter
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from unmask.config import SimulateConfig
from unmask.sim.generate import manifest_row
from unmask.sim.plan import BONA_FIDE, Plan, make_plan
from unmask.sim.sites import EVERY_SITE, NURSERIES, SITES
from unmask.sim.species import SPECIES

MANY = 3000


@pytest.fixture(scope="module", params=sorted(EVERY_SITE))
def plans(request: pytest.FixtureRequest) -> list[Plan]:
    site = EVERY_SITE[request.param]
    return [make_plan(0, site, site.species, index) for index in range(MANY)]


def nuisance(plan: Plan) -> list[float]:
    """Every number of the acquisition, and what a file name or a row's place could tell."""
    flat: list[float] = []
    for value in astuple(plan.acquisition):
        flat += list(value) if isinstance(value, tuple) else [value]
    name = [int(c, 16) for c in plan.key.split("-")[1]]
    parity = [plan.index % 2, plan.index % 6]
    return [*flat, *name, *parity]


def test_acquisition_does_not_tell_the_label(plans: list[Plan]) -> None:
    x = StandardScaler().fit_transform([nuisance(p) for p in plans])
    x = np.concatenate([x, x**2], axis=1)
    y = np.array([p.kind == BONA_FIDE for p in plans])
    half = MANY // 2
    fitted = LogisticRegression(C=0.1, max_iter=500).fit(x[:half], y[:half])
    assert roc_auc_score(y[half:], fitted.decision_function(x[half:])) <= 0.55


def test_the_shortcut_test_would_notice_a_shortcut(plans: list[Plan]) -> None:
    y = np.array([p.kind == BONA_FIDE for p in plans])
    x = np.array([[p.acquisition.distance + 60 * (p.kind == BONA_FIDE)] for p in plans])
    fitted = LogisticRegression().fit(StandardScaler().fit_transform(x), y)
    assert roc_auc_score(y, fitted.decision_function(StandardScaler().fit_transform(x))) > 0.57


def test_half_are_bona_fide_and_species_are_even(plans: list[Plan]) -> None:
    kinds = Counter(p.kind for p in plans)
    assert kinds.pop(BONA_FIDE) == pytest.approx(MANY // 2, abs=len(kinds))
    assert max(kinds.values()) - min(kinds.values()) <= 1


def test_each_kind_is_split_three_to_one_to_one(plans: list[Plan]) -> None:
    for kind in {p.kind for p in plans}:
        splits = Counter(p.split for p in plans if p.kind == kind)
        total = sum(splits.values())
        assert splits["train"] == pytest.approx(0.6 * total, abs=3)
        assert splits["dev"] == pytest.approx(splits["eval"], abs=3)


def test_nobody_is_in_two_splits_not_even_as_wearer(plans: list[Plan]) -> None:
    seen: dict[str, set[str]] = {}
    for plan in plans:
        for who in (plan.subject, plan.wearer):
            seen.setdefault(who.subject, set()).add(plan.split)
    assert all(len(splits) == 1 for splits in seen.values())


def test_attacks_show_somebody_else_and_bona_fide_people_themselves(plans: list[Plan]) -> None:
    for plan in plans:
        assert (plan.subject is plan.wearer) == (plan.kind == BONA_FIDE)


def test_manifest_row_names_a_species_if_and_only_if_it_is_an_attack(plans: list[Plan]) -> None:
    for plan in plans[:60]:
        row = manifest_row(plan)
        assert (row["label"] == "bona_fide") == (row["pai_species"] is None)
        for name in ("key", "rgb", "depth", "infrared"):
            assert plan.kind not in str(row[name])


def test_keys_are_unique_and_seeds_differ(plans: list[Plan]) -> None:
    assert len({p.key for p in plans}) == MANY
    site = EVERY_SITE[plans[0].site]
    other = make_plan(1, site, site.species, 0)
    assert other.key != plans[0].key
    assert other.acquisition != plans[0].acquisition


def test_few_presentations_have_every_kind_in_every_split(plans: list[Plan]) -> None:
    kinds = {p.kind for p in plans}
    few = plans[: 10 * (len(kinds) - 1)]  # five blocks of two per species
    assert len({(p.kind, p.split) for p in few}) == 3 * len(kinds)


def test_attackers_of_every_split_have_every_skin_type_evenly(plans: list[Plan]) -> None:
    for split in ("train", "dev", "eval"):
        wearers = {
            p.wearer.subject: p.wearer for p in plans if p.split == split and p.kind != BONA_FIDE
        }
        types = Counter(w.skin_type for w in wearers.values())
        assert sorted(types.items()) == [(k, 2) for k in range(6)]


def test_the_skin_that_is_seen_does_not_tell_the_label(plans: list[Plan]) -> None:
    for split in ("train", "dev", "eval"):
        inside = [p for p in plans if p.split == split]
        dark = {
            kind: np.mean([p.seen.skin_type >= 3 for p in inside if p.kind == kind])
            for kind in {p.kind for p in inside}
        }
        assert max(dark.values()) - min(dark.values()) < 0.35, dark


def test_what_stands_still_stays_where_it_was(plans: list[Plan]) -> None:
    for plan in plans[:20]:
        for number in (1, 5):
            then = plan.frame(number)
            assert then.first_distance == pytest.approx(plan.acquisition.distance)
            assert then.rng(1).random() == plan.rng(1).random()
            assert then.grain().random() != plan.grain().random()


def test_no_protocol_learns_or_judges_where_backbones_are_pretrained() -> None:
    assert not set(SITES) & set(NURSERIES)
    assert set(SimulateConfig(out=Path("x")).sites) == set(SITES)
    assert {name for site in NURSERIES.values() for name in site.species} == set(SPECIES)
