from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest

from unmask.metrics.scores import Scores

MakeScores = Callable[[Sequence[float], Mapping[str, Sequence[float]]], Scores]


@pytest.fixture
def make_scores() -> MakeScores:
    """Scores of bona fide presentations and of attacks by PAI species, one row each."""

    def make(bona_fide: Sequence[float], attacks: Mapping[str, Sequence[float]]) -> Scores:
        rows = [("bona_fide", "", float(score)) for score in bona_fide]
        rows += [("attack", name, float(s)) for name, scores in attacks.items() for s in scores]
        names = [f"p{index}" for index in range(len(rows))]
        label, species, score = zip(*rows, strict=True)
        return Scores.from_columns(
            {
                "key": names,
                "presentation": names,
                "score": score,
                "label": label,
                "pai_species": species,
            }
        )

    return make


@pytest.fixture
def random_scores(make_scores: MakeScores) -> Callable[[int], Scores]:
    """A score set drawn from a seed: ties, extremes, one to four species, some without response."""

    def make(seed: int) -> Scores:
        random = np.random.default_rng(seed)

        def draw(least: int) -> list[float]:
            number = random.integers(least, 60)
            score = random.beta(*random.uniform(0.3, 4, 2), number)
            if random.random() < 0.5:
                score = score.round(int(random.integers(0, 3)))  # ties, and scores of 0 and 1
            score[1:][random.random(number - 1) < 0.1] = np.nan
            return score.tolist()

        species = {f"species {i}": draw(1) for i in range(random.integers(1, 5))}
        return make_scores(draw(1), species)

    return make
