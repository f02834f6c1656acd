import statistics

import pytest

from unmask.errors import DatasetError
from unmask.metrics import rates
from unmask.metrics.curves import auc
from unmask.metrics.repeats import FIGURES, repeats
from unmask.metrics.scores import Scores
from unmask.metrics.thresholds import operating_point


def renamed(scores: Scores, prefix: str) -> Scores:
    table = scores.table
    names = {name: prefix + table[name] for name in ("key", "presentation")}
    return Scores(table=table.with_columns(**names))


def test_every_repeat_has_its_own_threshold_and_both_deviations_are_told(random_scores):
    pairs = {str(n): (random_scores(n), renamed(random_scores(n + 50), "e")) for n in range(4)}
    found = repeats(pairs, "bpcer<=10%", "mean")
    hter, area = [], []
    for dev, judged in pairs.values():
        threshold = operating_point(dev, "bpcer<=10%").threshold
        hter.append(rates.hter(judged, threshold))
        area.append(auc(judged))
    assert [repeat.figures["HTER"] for repeat in found.repeats] == hter
    for figure, values in (("HTER", hter), ("AUC", area)):
        spread = found.spread[figure]
        assert spread.mean == pytest.approx(statistics.mean(values))
        assert spread.std_ddof1 == pytest.approx(statistics.stdev(values))
        assert spread.std_ddof0 == pytest.approx(statistics.pstdev(values))
    assert set(found.spread) == set(FIGURES)


def test_a_repeat_may_not_be_judged_on_what_set_its_threshold(random_scores):
    scores = random_scores(0)
    with pytest.raises(DatasetError, match="what sets the threshold must not be judged"):
        repeats({"a": (scores, scores), "b": (scores, scores)}, "eer", "mean")
