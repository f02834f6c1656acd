"""Cells of a robustness matrix against counts by hand, and the order of what fails."""

from pathlib import Path

import numpy as np
import pytest

from unmask.errors import DatasetError
from unmask.metrics.rates import Rate
from unmask.metrics.stress import BONA_FIDE, Condition, cell, failures
from unmask.types import Label, Modality, Sample

RGB, DEPTH = Modality.RGB, Modality.DEPTH


def sample(key: str, species: str | None, *, presentation: str = "") -> Sample:
    label = Label.BONA_FIDE if species is None else Label.ATTACK
    paths = {RGB: Path(key)}
    return Sample(
        key=key, presentation=presentation or key, paths=paths, label=label, pai_species=species
    )


SAMPLES = [
    sample("a", None),
    sample("b", None),
    sample("c1", None, presentation="c"),
    sample("c2", None, presentation="c"),
    sample("d", "print"),
    sample("e", "print"),
    sample("f", "mask"),
]


def judged(score: list[float], refused: list[bool] | None = None, severity: int = 0):
    condition = Condition(
        shown=(RGB, DEPTH),
        corruption="blur" if severity else "",
        severity=severity,
        told=f"{severity} px" if severity else "",
    )
    flags = np.array(refused or [False] * len(score))
    return cell(condition, 0.5, SAMPLES, np.array(score, np.float32), flags)


def test_rates_are_those_of_presentations_at_the_threshold() -> None:
    found = judged([0.9, 0.4, 0.3, 0.8, 0.5, 0.1, 0.2])
    assert found.bpcer == Rate(1, 3), "the frames of c count as their mean, 0.55"
    assert found.apcer == {"mask": Rate(0, 1), "print": Rate(1, 2)}
    assert found.worst == "print"
    assert found.shown == "rgb+depth"
    assert found.clean


def test_a_presentation_is_refused_where_every_frame_is_and_stays_in_the_rates() -> None:
    refused = [True, False, True, False, True, False, False]
    found = judged([0.9, 0.4, 0.3, 0.8, 0.5, 0.1, 0.2], refused)
    assert found.refused == Rate(2, 6), "a and d; one frame of c is not refused"
    assert found.bpcer.trials + sum(rate.trials for rate in found.apcer.values()) == 6
    assert found.silent == 0


def test_a_presentation_without_the_sensor_is_in_no_rate() -> None:
    found = judged([np.nan, 0.4, 0.3, 0.8, 0.5, 0.1, 0.2])
    assert found.silent == 1
    assert found.bpcer == Rate(1, 2)
    assert found.refused.trials == 5


def test_a_presentation_without_one_of_the_sensors_is_counted_once() -> None:
    assert judged([0.9, 0.4, 0.3, 0.8, 0.5, 0.1, 0.2]).partial == 6, "nobody has depth"
    alone = Condition(shown=(RGB,))
    score, flags = np.full(7, 0.5, np.float32), np.zeros(7, np.bool_)
    assert cell(alone, 0.5, SAMPLES, score, flags).partial == 0


def test_a_class_without_any_response_cannot_be_judged() -> None:
    with pytest.raises(DatasetError, match="bona fide"):
        judged([np.nan] * 4 + [0.5, 0.1, 0.2])


def test_failures_come_in_the_order_of_the_lower_end_of_their_interval() -> None:
    clean = judged([0.9, 0.9, 0.9, 0.9, 0.1, 0.1, 0.1])
    mild = judged([0.9, 0.9, 0.9, 0.9, 0.1, 0.1, 0.9], severity=1)
    worse = judged([0.1, 0.1, 0.1, 0.1, 0.9, 0.9, 0.9], severity=2)
    found = failures([clean, mild, worse])
    assert not any(failure.cell.clean for failure in found)
    lows = [failure.rate.interval()[0] for failure in found]
    assert lows == sorted(lows, reverse=True)
    assert (found[0].name, found[0].rate) == (BONA_FIDE, Rate(3, 3)), "3 of 3 before 1 of 1"
    assert all(failure.clean.errors == 0 for failure in found)
    assert len(found) == 2 * 3
