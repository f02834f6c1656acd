"""Faults of acquisition: a field that tells the class tells it to a model, too.

    score(r) = share of bona fide among the rows of other folds that have the value of r

Folds part people, so a field that only names them scores by chance. The area under the ROC curve of
these scores is 0.5 for a field that knows nothing and 1 for one that knows all. In CASIA-CeFA every
bona fide recording is of one device and almost every attack of others.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from unmask.checkup.findings import Finding, Severity, finding
from unmask.checkup.rows import Rows

FOLDS = 5
LEAST = 20
"""Presentations that each class needs in a field before it is judged."""
TELLS, TELLS_ALL = 0.7, 0.95
"""Area under the ROC curve from which a field is a warning, and a fault."""
DEVIATIONS = 4.0
"""By so many standard errors of chance it must be above chance, too."""
BINS = 10
"""Quantiles that stand for the values of a field of numbers."""
DESCRIBES = ("pai", "caption_", "attack")
"""How the names of fields begin that are about the attack itself, and not about its capture."""


def telling_fields(rows: Rows) -> list[Finding]:
    """A field of the capture (device, session, site, ...) predicts the class by itself."""
    once = rows.frame.unique(["dataset", "presentation"], keep="first", maintain_order=True)
    fields = ("site", "dataset", *rows.attributes)
    found = {name: area(once, name) for name in fields if not name.startswith(DESCRIBES)}
    telling = {name: value for name, value in found.items() if value >= TELLS}
    return [
        f
        for severity, names in (
            (Severity.FAULT, [n for n, value in telling.items() if value >= TELLS_ALL]),
            (Severity.WARNING, [n for n, value in telling.items() if value < TELLS_ALL]),
        )
        for f in finding(
            severity,
            "fields of the capture tell the class",
            [f"{name}: AUC {telling[name]:.3f}, {told(once, name)}" for name in names],
            "record both classes under the same conditions, or judge on data where the field is "
            "balanced; a model may learn the condition instead of the attack",
        )
    ]


def area(once: pl.DataFrame, name: str) -> float:
    """Area under the ROC curve of a field, out of fold; 0.5 where there is too little to say.

    Rows where the field is empty do not count; a field that only one class has is about that class.
    """
    known = once.filter(pl.col(name) != "")
    label = (known["label"] == "bona_fide").to_numpy()
    if min(label.sum(), (~label).sum()) < LEAST or known[name].n_unique() < 2:
        return 0.5
    person = pl.when(pl.col("subject") != "").then("subject").otherwise("presentation")
    fold = known.select(pl.struct("dataset", person).rank("dense")).to_series().to_numpy() % FOLDS
    value = np.unique(_values(known[name]), return_inverse=True)[1]
    score = _out_of_fold(value, fold, label)
    found = _area(score, label)
    return found if found - 0.5 > DEVIATIONS * _chance(label) else 0.5


def _values(column: pl.Series) -> npt.NDArray[np.int64]:
    """Each value as a number: that of its quantile for many numbers, else that of the word."""
    numbers = column.cast(pl.Float64, strict=False)
    if numbers.null_count() or numbers.n_unique() <= 2 * BINS:
        return column.rank("dense").to_numpy().astype(np.int64)
    quantiles = np.quantile(numbers.to_numpy(), np.arange(1, BINS) / BINS)
    return np.searchsorted(quantiles, numbers.to_numpy()).astype(np.int64)


def _out_of_fold(
    value: npt.NDArray[np.int64], fold: npt.NDArray[np.int64], label: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Share of bona fide where other folds have the value; the share in all of them elsewhere."""
    shape = (int(value.max()) + 1, FOLDS)
    count, positive = np.zeros(shape), np.zeros(shape)  # (V, folds)
    np.add.at(count, (value, fold), 1)
    np.add.at(positive, (value, fold), label)
    others = count.sum(axis=1, keepdims=True) - count
    share = (positive.sum(axis=1, keepdims=True) - positive + label.mean()) / (others + 1)
    told: npt.NDArray[np.float64] = share[value, fold]
    return told


def _area(score: npt.NDArray[np.float64], label: npt.NDArray[np.bool_]) -> float:
    """Probability that bona fide scores above attack, a tie counting half."""
    attack, genuine = np.sort(score[~label]), score[label]
    below = np.searchsorted(attack, genuine, "left").sum()
    not_above = np.searchsorted(attack, genuine, "right").sum()
    return float(below + not_above) / (2 * attack.size * genuine.size)


def _chance(label: npt.NDArray[np.bool_]) -> float:
    """Standard error of the area where the score knows nothing."""
    genuine = int(label.sum())
    attack = label.size - genuine
    return float(np.sqrt((genuine + attack + 1) / (12 * genuine * attack)))


def told(once: pl.DataFrame, name: str) -> str:
    """The most frequent value of each class."""
    first = [
        f"{kind} mostly {once.filter(pl.col('label') == label, pl.col(name) != '')[name].mode()[0]}"
        for label, kind in (("bona_fide", "bona fide"), ("attack", "attacks"))
    ]
    return ", ".join(first)
