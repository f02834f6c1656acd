"""Error rates at a threshold, in the words of ISO/IEC 30107-3, each with its counts.

APCER is the share of attack presentations *of one PAI species* that are accepted; what is
reported is the worst species. BPCER is the share of bona fide presentations that are rejected.
Presentations without a response are in neither denominator; APNRR and BPNRR say how many they are.

The functions take one row as one trial: aggregate frames with ``per_presentation`` first.
"""

from dataclasses import dataclass

from scipy.stats import beta

from unmask.metrics.scores import Group, Scores


@dataclass(frozen=True, slots=True)
class Rate:
    """Errors among trials, such as 3 of 120."""

    errors: int
    trials: int

    @property
    def value(self) -> float:
        """The share of errors, NaN without trials."""
        return self.errors / self.trials if self.trials else float("nan")

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Exact two-sided interval (Clopper and Pearson, 1934); all of [0, 1] without trials."""
        if not self.trials:
            return 0.0, 1.0
        tail, rest = (1 - confidence) / 2, self.trials - self.errors
        low = beta.ppf(tail, self.errors, rest + 1) if self.errors else 0.0
        high = beta.ppf(1 - tail, self.errors + 1, rest) if rest else 1.0
        return float(low), float(high)


def apcer(scores: Scores, threshold: float) -> dict[str, Rate]:
    """APCER of each PAI species."""
    return {name: _accepted(group, threshold) for name, group in scores.attacks.items()}


def apcer_worst(scores: Scores, threshold: float) -> tuple[str, Rate]:
    """The PAI species with the highest APCER; among equals, the one with the fewest trials."""
    rates = apcer(scores, threshold)
    name = max(
        rates, key=lambda n: (rates[n].value, -rates[n].trials) if rates[n].trials else (-1, 0)
    )
    return name, rates[name]


def apcer_pooled(scores: Scores, threshold: float) -> Rate:
    """Share of all attacks accepted, whatever their species. Not ISO: to compare with papers."""
    return _accepted(scores.pooled, threshold)


def bpcer(scores: Scores, threshold: float) -> Rate:
    """Share of bona fide presentations rejected."""
    group = scores.bona_fide
    return Rate(group.rejected(threshold), group.score.size)


def apnrr(scores: Scores) -> dict[str, Rate]:
    """Share of attacks of each PAI species that got no response."""
    return {name: Rate(group.silent, group.rows) for name, group in scores.attacks.items()}


def bpnrr(scores: Scores) -> Rate:
    """Share of bona fide presentations that got no response."""
    return Rate(scores.bona_fide.silent, scores.bona_fide.rows)


def hter(scores: Scores, threshold: float) -> float:
    """Mean of *pooled* APCER and BPCER. Not ISO."""
    return (apcer_pooled(scores, threshold).value + bpcer(scores, threshold).value) / 2


def acer(scores: Scores, threshold: float) -> float:
    """Mean of the *worst* APCER and BPCER. Not ISO."""
    return (apcer_worst(scores, threshold)[1].value + bpcer(scores, threshold).value) / 2


def _accepted(group: Group, threshold: float) -> Rate:
    return Rate(group.accepted(threshold), group.score.size)
