"""How many presentations a test needs before it can show a rate at or below a limit.

Errors of n independent presentations are binomial. A test with k errors shows a rate p <= limit
when the upper bound of Clopper and Pearson (1934) does not exceed the limit, that is when

    P(X <= k | n, limit) <= 1 - confidence.

Several PAI species are tested one by one, each at full confidence: that *all* are below the limit
is only said when all tests say so, and that errs no more often than one test does (Berger,
"Multiparameter hypothesis testing and acceptance sampling", Technometrics 1982). That a good
system passes all of them is the less likely, the more there are.
"""

from __future__ import annotations

import math

from scipy.special import bdtr
from scipy.stats import beta

from unmask.errors import ConfigError

MOST_TRIALS = 10**9
"""More than this nobody can test, nor the binomial distribution be computed for."""


def trials_needed(errors: int, limit: float, confidence: float) -> int:
    """The fewest trials among which so many errors still show a rate of at most ``limit``.

    Raises:
        ConfigError: the limit is 0, which no number of trials can show, or next to 0.
    """
    if limit <= 0:
        raise ConfigError(
            f"no number of presentations can show a rate of {100 * limit:g} %; aim at a limit "
            "above 0 %"
        )

    def shows(trials: int) -> bool:
        return bool(bdtr(errors, trials, limit) <= 1 - confidence)

    few, enough = errors, errors + 1
    while not shows(enough):
        few, enough = enough, 2 * enough
        if enough > MOST_TRIALS:
            raise ConfigError(
                f"to show a rate of {100 * limit:g} % at confidence {confidence:g} takes more than "
                f"{MOST_TRIALS // 2:,} presentations; aim at a higher limit"
            )
    while enough - few > 1:
        middle = (few + enough) // 2
        few, enough = (few, middle) if shows(middle) else (middle, enough)
    return enough


def more_trials_needed(errors: int, trials: int, limit: float, confidence: float) -> int:
    """How many trials without any further error are missing; 0 where there are enough."""
    return max(0, trials_needed(errors, limit, confidence) - trials)


def passing_rate(errors: int, trials: int, chance: float) -> float:
    """The highest true rate with which a test of so many allowed errors is passed by chance.

    ``chance`` is the probability P(X <= errors) that is asked for.
    """
    return 1.0 if errors >= trials else float(beta.ppf(1 - chance, errors + 1, trials - errors))


def chance_to_pass(errors: int, trials: int, rate: float) -> float:
    """P(X <= errors) of a system whose true rate is ``rate``."""
    return float(bdtr(errors, trials, rate))


def subjects_needed(trials: int, per_subject: int, correlation: float) -> int:
    """Subjects with ``per_subject`` presentations each that are worth so many independent ones.

    Each subject counts as m / (1 + (m - 1) * correlation) presentations (Kish, "Survey sampling",
    1965): m where the outcomes of one subject are independent, 1 where the first tells the rest.
    """
    worth = per_subject / (1 + (per_subject - 1) * correlation)
    return math.ceil(trials / worth - 1e-9)  # a quotient that should be whole may be a bit above
