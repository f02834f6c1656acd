"""Synthetic features whose answer is known: what a sensor shares, keeps to itself, turns round."""

from pathlib import Path

import numpy as np
import pytest

from unmask.errors import DatasetError
from unmask.experiments.separability import ALL, Space, measure
from unmask.metrics.features import Features
from unmask.types import Label, Modality, Sample

SENSORS = (Modality.RGB, Modality.DEPTH)
SIZE = 6


def presentations(split, people, each):
    return [
        Sample(
            key=f"{split}{i}",
            presentation=f"{split}{i}",
            paths={sensor: Path(sensor) for sensor in SENSORS},
            label=Label(i % 2),
            pai_species=None if i % 2 else "print",
            subject=f"{split}-{i // each}",
        )
        for i in range(people * each)
    ]


def features(split, class_axis, *, offset=0.0, people=40, each=6, signs=(1, 1), sensors=SENSORS):
    """The class of sensor n moves features along ``class_axis[n]``, the sensor along the last."""
    rng = np.random.default_rng([*split.encode()])
    samples = presentations(split, people, each)
    label = np.array([sample.label for sample in samples])
    parts = []
    for n, sensor in enumerate(sensors):
        values = rng.normal(size=(len(samples), SIZE))
        values[:, class_axis[n]] += 2.5 * signs[n] * label
        values[:, -1] += offset * n
        parts.append(Features.of(samples, values.astype(np.float32), modality=sensor, split=split))
    return Features.joined(parts)


def measured(class_axis, sensors=SENSORS, **settings):
    space = Space(
        dev=features("dev", class_axis, sensors=sensors, **settings),
        judged=features("eval", class_axis, sensors=sensors, **settings),
    )
    return measure(space, sensors)


def auc(found, fitted, judged):
    return next(t.auc for t in found.transfer if (t.fitted, t.judged) == (fitted, judged))


def test_one_class_direction_for_both_sensors_transfers_and_leaves_no_trace_of_the_sensor():
    found = measured((0, 0))
    bayes = 0.961  # of two normal distributions 2.5 standard deviations apart
    for fitted in ("rgb", "depth", ALL):
        for judged in ("rgb", "depth", ALL):
            assert auc(found, fitted, judged).value == pytest.approx(bayes, abs=0.03)
    assert found.sensors.accuracy.value == pytest.approx(found.sensors.chance, abs=0.1)
    assert found.sensors.gap.value < 0.2
    assert found.sensors.transfer_auc.value == pytest.approx(bayes, abs=0.03)


def test_a_direction_for_each_sensor_does_not_transfer_and_an_offset_names_the_sensor():
    found = measured((0, 1), offset=8.0, people=100)
    assert auc(found, "rgb", "rgb").value > 0.93 < auc(found, "depth", "depth").value
    assert found.sensors.transfer_auc.value == pytest.approx(0.5, abs=0.08)
    assert found.sensors.accuracy.value > 0.99
    assert found.sensors.gap.value > measured((0, 1), offset=4.0).sensors.gap.value > 0.5


def test_a_direction_that_the_other_sensor_turns_round_gives_an_auc_below_one_half():
    found = measured((0, 0), signs=(1, -1))
    assert auc(found, "rgb", "depth").value < 0.1
    pooled = next(s for s in found.separation if s.shown == ALL)
    alone = next(s for s in found.separation if s.shown == "rgb")
    assert pooled.fisher.value < 0.02 < 0.1 < alone.fisher.value
    assert pooled.silhouette.value < 0.02 < alone.silhouette.value


def test_all_that_a_person_presents_is_drawn_together():
    """Five copies of every picture tell no more: the interval stays, in which people are drawn."""
    once, copies = (features("eval", (0, 0), people=12, each=6) for _ in range(2))
    copies = Features.joined([copies] * 5)
    dev = features("dev", (0, 0))
    one, five = (measure(Space(dev=dev, judged=judged), SENSORS) for judged in (once, copies))
    assert auc(one, ALL, ALL).high - auc(one, ALL, ALL).low > 0.02
    for field in ("value", "low", "high"):
        found = getattr(auc(five, ALL, ALL), field)
        assert found == pytest.approx(getattr(auc(one, ALL, ALL), field), abs=1e-9)


def test_more_people_make_the_interval_narrower_and_two_runs_make_it_alike():
    few, many = measured((0, 0), people=12), measured((0, 0), people=100)
    for one, other in zip(few.separation, many.separation, strict=True):
        assert one.fisher.high - one.fisher.low > other.fisher.high - other.fisher.low
    assert measured((0, 0), people=12) == few


def test_a_single_sensor_has_a_probe_and_nothing_to_compare():
    found = measured((0,), sensors=SENSORS[:1])
    assert [(t.fitted, t.judged) for t in found.transfer] == [("rgb", "rgb")]
    assert [s.shown for s in found.separation] == ["rgb"]
    assert found.sensors is None


def test_units_of_a_feature_do_not_matter():
    dev, judged = features("dev", (0, 1), offset=2.0), features("eval", (0, 1), offset=2.0)
    units = np.array([1, 1000, 0.01, 1, 3, 7], np.float32)
    scaled = [Features(table=f.table, values=f.values * units + 5) for f in (dev, judged)]
    one = measure(Space(dev=dev, judged=judged), SENSORS)
    other = measure(Space(dev=scaled[0], judged=scaled[1]), SENSORS)
    assert other.sensors.gap.value == pytest.approx(one.sensors.gap.value, rel=1e-3)
    for a, b in zip(one.transfer, other.transfer, strict=True):
        assert b.auc.value == pytest.approx(a.auc.value, abs=1e-3)


def test_too_few_people_are_refused_with_set_class_and_sensor():
    enough, few = features("dev", (0, 0)), features("eval", (0, 0), people=4)
    with pytest.raises(
        DatasetError, match=r"eval has bona fide presentations of 4 people with rgb"
    ):
        measure(Space(dev=enough, judged=few), SENSORS)
    attacks_only = enough.where(~enough.bona_fide | (enough.modality == "rgb"))
    with pytest.raises(DatasetError, match=r"dev has bona fide presentations of 0 people with dep"):
        measure(Space(dev=attacks_only, judged=enough), SENSORS)
