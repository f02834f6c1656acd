"""Captions are true, grammatical, and tell of each sensor only what it shows."""

import re
from importlib import import_module

import numpy as np
import pytest

from unmask.sim.body.bust import bust, pose
from unmask.sim.captions import captions, hair_colour, look_of, pose_words
from unmask.sim.contact_sheet import find
from unmask.sim.optics.materials import Kind
from unmask.sim.people import HAIR_STYLES, SKIN_TYPES
from unmask.sim.people import HEADWEAR as WORN
from unmask.sim.plan import BONA_FIDE, Plan, make_plan
from unmask.sim.sites import EVERY_SITE, SITES
from unmask.sim.species import SPECIES, present
from unmask.sim.stage import capture, eyes_place
from unmask.sim.truth import Truth
from unmask.sim.wording import HAIR, HEADWEAR, INSTRUMENTS, SKIN
from unmask.types import Modality

COLOURS = {"skin", "brown", "black", "blond", "red", "grey", "light", "warm"}
PEOPLE = {"man", "woman", "beard", "stubble", "ink", "smiles", "talks", "hair", "cap", "glasses"}


@pytest.fixture(scope="module")
def plans() -> list[Plan]:
    return [make_plan(1, site, site.species, n) for site in EVERY_SITE.values() for n in range(60)]


def bona_fide(count: int) -> list[Plan]:
    return [p for site in SITES.values() for p in find(2, site, BONA_FIDE, count)]


def truth_of(plan: Plan) -> Truth:
    truth = capture(plan, present(plan), 64, with_truth=True).truth
    assert truth is not None
    return truth


@pytest.mark.parametrize("species", SPECIES)
def test_every_variant_of_every_species_has_words(species: str) -> None:
    variants = import_module(f"unmask.sim.species.{species}").VARIANTS
    assert set(INSTRUMENTS[species]) == set(variants)


def test_every_skin_type_hair_style_and_headwear_has_words() -> None:
    assert set(HAIR) == set(HAIR_STYLES)
    assert set(HEADWEAR) == set(WORN)
    assert len(SKIN) == len(SKIN_TYPES)


def test_each_caption_is_one_or_two_tidy_sentences(plans: list[Plan]) -> None:
    for plan in plans:
        for text in captions([plan, plan.frame(1)]).values():
            sentences = re.split(r"(?<=\.) ", text)
            assert 1 <= len(sentences) <= 2
            assert all(s[0].isupper() and s.endswith(".") for s in sentences)
            assert not re.search(r"[{}_]|  | ,|,,|\.\.|\b[Aa] [aeiou]|\b[Aa]n [^aeiou]", text), text
            assert len(text) < 320


def test_a_caption_says_whether_it_is_an_attack(plans: list[Plan]) -> None:
    for plan in plans:
        for text in captions([plan]).values():
            assert ("bona fide presentation" in text) == (plan.kind == BONA_FIDE)
            assert ("presentation attack" in text) == (plan.kind != BONA_FIDE)


def test_phrasings_vary_and_are_repeatable(plans: list[Plan]) -> None:
    told = [captions([plan]) for plan in plans]
    assert told == [captions([plan]) for plan in plans]
    starts = {" ".join(t[Modality.DEPTH].split()[:2]) for t in told}
    assert len(starts) >= 6


def test_depth_tells_neither_people_nor_colours_and_infrared_no_colours(plans: list[Plan]) -> None:
    for plan in plans:
        told = captions([plan])
        depth = set(re.findall(r"[a-z]+", told[Modality.DEPTH].lower()))
        infrared = set(re.findall(r"[a-z]+", told[Modality.INFRARED].replace("than skin", "")))
        assert not depth & (PEOPLE | COLOURS)
        assert not infrared & COLOURS


def test_a_bona_fide_look_is_the_one_that_is_presented() -> None:
    for plan in bona_fide(3):
        at, look = plan.acquisition, look_of(plan)
        assert look is not None
        parts, face = bust(plan.subject, look)
        points = pose(parts, face, (at.yaw, at.pitch, at.roll), eyes_place(at))
        np.testing.assert_array_equal(points, present(plan).landmarks)


def test_glasses_are_told_if_and_only_if_they_are_worn() -> None:
    told = {plan: "glasses" in captions([plan])[Modality.RGB] for plan in bona_fide(20)}
    for answer in (True, False):
        plans = [plan for plan, worn in told.items() if worn is answer][:5]
        assert len(plans) == 5
        assert all((truth_of(p).material == Kind.PLASTIC).any() == answer for p in plans)


def test_hair_is_told_only_where_it_is_seen() -> None:
    checked = 0
    for plan in bona_fide(10):
        text = captions([plan])[Modality.RGB]
        if " hair" in text and "shaved" not in text:
            checked += 1
            assert (truth_of(plan).material == Kind.HAIR).mean() > 0.004, text
    assert checked >= 5


def test_left_and_right_are_those_of_the_picture() -> None:
    checked = 0
    for plan in bona_fide(8):
        side = re.search(r"to the (left|right)", pose_words(plan.acquisition))
        if side and abs(plan.acquisition.roll) < 3:
            points = truth_of(plan).landmarks  # in the order of heads.LANDMARKS
            offset = points[5, 0] - points[:2, 0].mean()  # of the nose
            assert (offset > 0) == (side[1] == "right")
            checked += 1
    assert checked >= 5


def test_the_distance_told_is_that_of_the_eyes() -> None:
    for plan in bona_fide(2):
        truth = truth_of(plan)
        x, y = truth.landmarks[:2].mean(axis=0).astype(int)
        told = re.search(r"about (\d+) cm", captions([plan])[Modality.DEPTH])
        assert told is not None
        assert truth.depth[y, x] == pytest.approx(10 * int(told[1]), abs=35)


def test_a_film_tells_what_moves() -> None:
    for plan in bona_fide(12):
        frames = [plan.frame(k) for k in range(16)]
        told = captions(frames)
        yaws = [f.acquisition.yaw for f in frames]
        assert ("the head turns" in told[Modality.DEPTH].lower()) == (max(yaws) - min(yaws) >= 5)
        talks = max(f.moment.talk for f in frames) > 0.3
        assert ("talks" in told[Modality.RGB]) == ("talks" in told[Modality.INFRARED]) == talks
        assert "talks" not in told[Modality.DEPTH]


def test_hair_colours_are_named_as_they_look(plans: list[Plan]) -> None:
    for plan in plans:
        name, colour = hair_colour(plan.subject), plan.subject.hair_colour
        if name == "black":
            assert colour.max() < 0.03
        if name == "blond":
            assert colour.mean() > 0.12
        if name == "red":
            assert colour[0] > 2 * colour[1]
