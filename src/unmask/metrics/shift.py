"""Whether scores of one source differ from those of another, and by how much.

Bona fide is compared with bona fide and each PAI species with itself, never all attacks together:
another mixture of species is no shift. The test is that of Kolmogorov and Smirnov, which sees any
difference of two distributions. Its statistic is a size too: no threshold changes a rate by more.
The second size is the probability that a score lies above one of the other source (Mann and
Whitney, 1947), which says in which direction.
"""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import ks_2samp

from unmask.metrics.curves import share_above
from unmask.metrics.scores import Group, Scores

LEVEL = 0.05
"""A difference is told where p is below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One class or PAI species of a source, compared with the same of another."""

    name: str
    """"bona fide", or the PAI species."""
    presentations: int
    """With a response, of the source."""
    others: int
    """With a response, of what it is compared with."""
    distance: float
    """Largest difference of the two distribution functions, 0 to 1."""
    above: float
    """Share of pairs in which the source's score is the higher one, a tie counting half."""
    p_value: float
    """Of no difference, times the number of comparisons (Bonferroni), at most 1."""

    @property
    def found(self) -> bool:
        """The scores differ; False also where there are too few of them to say."""
        return self.p_value < LEVEL


def shifts(scores: Scores, others: Scores) -> tuple[Shift, ...]:
    """Compare what both have: bona fide first, then PAI species by name."""
    pairs = {"bona fide": (scores.bona_fide, others.bona_fide)}
    pairs |= {
        n: (scores.attacks[n], others.attacks[n]) for n in scores.attacks if n in others.attacks
    }
    both = {name: pair for name, pair in pairs.items() if all(group.score.size for group in pair)}
    return tuple(_shift(name, *pair, comparisons=len(both)) for name, pair in both.items())


def _shift(name: str, mine: Group, theirs: Group, *, comparisons: int) -> Shift:
    test = ks_2samp(mine.score, theirs.score)
    return Shift(
        name=name,
        presentations=mine.score.size,
        others=theirs.score.size,
        distance=float(test.statistic),
        above=share_above(mine.score, theirs.score),
        p_value=min(1.0, float(test.pvalue) * comparisons),
    )
