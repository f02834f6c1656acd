"""Published figures are what the papers print, with what is known against them."""

import pytest

from unmask.reporting.flexible import RATES, SENSORS, SETS
from unmask.reporting.published import Published, read_published

TABLE = """
FM-ViT rgb 8.77 16.00 12.38 36.61 5.50 21.06 2.26 3.48 2.87
FM-ViT depth 5.14 1.83 3.49 2.79 1.71 2.25 2.04 2.61 2.32
FM-ViT infrared 1.34 3.83 2.59 3.43 2.33 2.88 3.39 0.87 2.13
CMS-Enhancer rgb 18.09 2.50 10.30 21.56 12.53 14.57 2.71 1.74 2.23
CMS-Enhancer depth 3.35 3.00 3.18 3.50 2.00 2.42 4.30 0.00 2.15
CMS-Enhancer infrared 4.13 0.33 2.23 2.94 2.25 2.59 2.04 1.74 1.89
FM-CLIP rgb 18.59 1.83 10.21 14.4 9.3 11.87 2.49 0.87 1.68
FM-CLIP depth 3.21 2.83 3.02 4.16 1.08 2.29 3.85 0.00 1.92
FM-CLIP infrared 2.01 2.00 2.01 2.15 2 2.07 3.39 0.00 1.7
FMM-RPL rgb 10.22 0.83 5.53 11.09 4.75 7.92 0.00 0.00 0.00
FMM-RPL depth 1.40 1.33 1.36 2.77 1.58 2.18 1.20 0.00 0.60
FMM-RPL infrared 4.36 2.33 3.34 2.63 1.67 2.15 0.30 0.86 0.58
"""
"""Table 1 of FMM-RPL: APCER, BPCER, ACER of CASIA-SURF p1, CeFA p4 and WMCA grandtest."""


def figure(system: str, benchmark: str, shown: str, metric: str) -> Published:
    (found,) = (
        f
        for f in read_published()
        if (f.system, f.benchmark, f.shown, f.metric) == (system, benchmark, shown, metric)
    )
    return found


@pytest.mark.parametrize("line", TABLE.split("\n")[1:-1])
def test_figures_of_flexible_models_are_those_printed(line: str) -> None:
    system, sensor, *values = line.split()
    found = [figure(system, one.like, sensor, rate) for one in SETS for rate in RATES]
    assert [f.value for f in found] == [float(value) for value in values]
    assert all((f.std is not None) == (f.benchmark == "cefa/p4") for f in found)


def test_a_note_stands_wherever_acer_is_not_the_mean_of_its_parts() -> None:
    for system in ("FM-ViT", "CMS-Enhancer", "FM-CLIP", "FMM-RPL"):
        for one in SETS:
            for sensor in SENSORS:
                apcer, bpcer, acer = (figure(system, one.like, sensor, rate) for rate in RATES)
                middle = (apcer.value + bpcer.value) / 2  # some are printed to one decimal
                sound = acer.value == pytest.approx(middle, abs=0.06)
                assert sound or "do not average" in acer.note, (system, one.like, sensor)


def test_every_row_is_typed_and_unlike_every_other() -> None:
    figures = read_published()
    places = {(f.system, f.benchmark, f.split, f.shown, f.metric) for f in figures}
    assert len(places) == len(figures) == 386
    assert all(0 <= f.value <= 100 and f.source for f in figures)
    assert {f.metric for f in figures} == {"apcer_pooled", "bpcer", "acer", "hter", "auc"}
    assert {f.shown for f in figures} >= {"rgb", "rgb+infrared", "rgb+depth+infrared"}
