import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from unmask.errors import DatasetError
from unmask.metrics.expert_counts import AXES, RoutingCounts
from unmask.metrics.routing_files import read_routing, write_routing
from unmask.types import Label, Modality, Sample

RGB, DEPTH = Modality.RGB, Modality.DEPTH
TOKENS, CHOICES, EXPERTS = 5, 3, 40
SPECIES = (None, "print", None, "replay")


def samples(number=16):
    """Two presentations per subject, two sites; every fifth has no depth."""
    return [
        Sample(
            key=f"k{i}",
            presentation=f"p{i}",
            paths={m: Path("x") for m in ((RGB,) if i % 5 == 4 else (RGB, DEPTH))},
            label=Label.ATTACK if SPECIES[i % 4] else Label.BONA_FIDE,
            pai_species=SPECIES[i % 4],
            subject=f"s{i // 2}",
            site="AB"[i // 8 % 2],
        )
        for i in range(number)
    ]


def chosen(key, experts=EXPERTS):
    """(TOKENS, CHOICES) experts and weights of one presentation; the last ten are never chosen."""
    random = np.random.default_rng(list(key.encode()))
    return random.integers(0, experts - 10, (TOKENS, CHOICES)), random.random((TOKENS, CHOICES))


def counted(own, *, batch=3, axes=AXES, shown=(RGB, DEPTH)):
    counts = RoutingCounts(own)
    cells = counts.join(own, shown, axes=axes)
    keys = list(cells)
    for start in range(0, len(keys), batch):
        part = keys[start : start + batch]
        expert, weight = (np.concatenate(both) for both in zip(*map(chosen, part), strict=True))
        cell = np.repeat([cells[key] for key in part], TOKENS, axis=0)
        counts.layer(0, EXPERTS).add(cell, expert, weight)
    return counts


def naive(own, belongs):
    """Choices and weights by expert of the samples that belong, from a plain loop."""
    choices, weights = defaultdict(int), defaultdict(float)
    for sample in filter(belongs, own):
        experts, weight = chosen(sample.key)
        for e, w in zip(experts.ravel().tolist(), weight.ravel().tolist(), strict=True):
            choices[e] += 1
            weights[e] += w
    return choices, weights


GROUPS = {
    ("modalities", "rgb"): lambda s: DEPTH not in s.paths,
    ("modalities", "rgb+depth"): lambda s: DEPTH in s.paths,
    ("species", "bona fide"): lambda s: s.pai_species is None,
    ("species", "print"): lambda s: s.pai_species == "print",
    ("species", "replay"): lambda s: s.pai_species == "replay",
    ("site", "A"): lambda s: s.site == "A",
    ("site", "B"): lambda s: s.site == "B",
}


def test_counts_of_every_group_are_those_of_a_naive_loop():
    own = samples()
    report = counted(own).report()
    assert [(g.axis, g.name) for g in report.groups] == list(GROUPS)
    for group, use in zip(report.groups, report.layers[0].groups, strict=True):
        belongs = GROUPS[group.axis, group.name]
        choices, weights = naive(own, belongs)
        assert group.presentations == sum(map(belongs, own))
        assert (use.choices, use.used) == (sum(choices.values()), len(choices))
        total = sum(weights.values())
        expected = [weights[e] / total for e in report.layers[0].featured]
        assert use.featured == pytest.approx(expected, abs=1e-12)
        assert use.spread.top1 == pytest.approx(max(weights.values()) / total)


def test_a_layer_knows_its_dead_experts_and_its_most_used_ones():
    own = samples()
    layer = counted(own).report().layers[0]
    choices, weights = naive(own, lambda _: True)
    assert layer.choices == len(own) * TOKENS * CHOICES
    assert layer.dead == EXPERTS - len(choices) >= 10
    order = sorted(weights, key=lambda e: -weights[e])
    assert layer.featured == tuple(order[:16])
    share = np.array(sorted(weights.values(), reverse=True)) / sum(weights.values())
    assert layer.share == pytest.approx(share[np.array(layer.rank) - 1].tolist())
    assert layer.by_choice.top1 == pytest.approx(max(choices.values()) / sum(choices.values()))


def test_batches_do_not_change_a_count():
    one, other = (counted(samples(), batch=batch).table() for batch in (1, 16))
    assert one.drop("weight").equals(other.drop("weight"))
    assert np.allclose(one["weight"], other["weight"], atol=1e-12)


def test_memory_follows_from_what_is_used_not_from_what_there_is():
    counts = RoutingCounts(samples())
    cells = counts.join(samples(), (RGB,))
    layer = counts.layer(0, 1_000_000)
    for _ in range(50):
        layer.add(np.array([cells["k0"]]), np.array([[7, 999_999]]), np.ones((1, 2)))
    assert layer.key.size == 2 * len(AXES)
    report = counts.report().layers[0]
    assert (report.choices, report.used, report.dead) == (100, 2, 999_998)
    assert report.dead_by_chance == pytest.approx(1_000_000 * np.exp(-1e-4))


def test_halves_share_no_subject_and_are_even_within_each_site():
    own = samples()
    half = RoutingCounts(own).half
    by_subject = defaultdict(set)
    for sample in own:
        by_subject[sample.subject].add(half[sample.key])
    assert all(len(halves) == 1 for halves in by_subject.values())
    for site in "AB":
        assert sum(half[s.key] for s in own if s.site == site) == 4


def test_further_sets_of_modalities_add_groups_and_change_nothing_else():
    own = samples()
    plain, further = counted(own), counted(own)
    cells = further.join(own, (DEPTH,), axes=("modalities",))
    assert len(cells) == sum(DEPTH in s.paths for s in own), "the others would get no response"
    for key, cell in cells.items():
        expert, weight = chosen(key + "depth")
        further.layer(0, EXPERTS).add(np.repeat([cell], TOKENS, axis=0), expert, weight)
    before, after = plain.report(), further.report()
    names = ["rgb", "rgb+depth", "depth"]
    assert [after.groups[i].name for i in after.indices("modalities")] == names
    assert (after.shown, after.presentations) == ("rgb+depth", len(own))
    for field in ("choices", "used", "by_weight", "by_choice", "rank", "share", "featured"):
        assert getattr(before.layers[0], field) == getattr(after.layers[0], field)
    for axis in ("species", "site"):
        assert before.layers[0].distance[axis] == after.layers[0].distance[axis]


def test_files_hold_all_of_it(tmp_path):
    counts = counted(samples())
    report, table = counts.report(scores_sha256="ab"), counts.table()
    path = write_routing(report, table, tmp_path)
    assert read_routing(path) == report
    choices, weights = naive(samples(), lambda s: s.site == "B")
    at_b = (
        table.filter(axis="site", group="B")
        .group_by("expert")
        .agg(pl.col("choices", "weight").sum())
    )
    assert dict(at_b.select("expert", "choices").iter_rows()) == choices
    assert dict(at_b.select("expert", "weight").iter_rows()) == pytest.approx(weights)


@pytest.mark.parametrize("spoil", ["", "[]", "{}", '{"format": "other"}', "missing layer"])
def test_a_file_that_is_something_else_is_refused_in_one_line(tmp_path, spoil):
    path = tmp_path / "routing.json"
    if spoil == "missing layer":
        write_routing(counted(samples()).report(), counted(samples()).table(), tmp_path)
        content = json.loads(path.read_text())
        del content["layers"][0]["used"]
        spoil = json.dumps(content)
    path.write_text(spoil)
    with pytest.raises(DatasetError, match=r"cannot read .*give the routing.json that") as caught:
        read_routing(path)
    assert "\n" not in str(caught.value)
