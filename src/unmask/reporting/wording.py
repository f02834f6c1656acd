"""How a report writes a number: one way for each kind, used by words, tables and figures alike."""

import math
from collections.abc import Mapping, Sequence

from unmask.metrics.intervals import Estimate, People
from unmask.metrics.rates import Rate
from unmask.metrics.thresholds import OperatingPoint

SHOWN = 6
"""Classes and species that a sentence lists."""
FEW_PEOPLE = 30
"""With fewer, intervals of a bootstrap are rough."""


def percent(value: float) -> str:
    """A share: ``2.5 %``, with two decimals within 1 % of either end."""
    if math.isnan(value):
        return "none"
    if value in (0, 1):
        return f"{100 * value:.0f} %"
    return f"{100 * value:.{1 if 0.01 <= value <= 0.99 else 2}f} %"


def interval(rate: Rate) -> str:
    """The 95 % interval of a rate: ``0.5 to 7.1 %``."""
    low, high = rate.interval()
    return f"{percent(low).removesuffix(' %')} to {percent(high)}"


def counts(rate: Rate) -> str:
    """Errors among trials: ``3 / 120``."""
    return f"{rate.errors} / {rate.trials}"


def estimate(figure: Estimate) -> str:
    """The interval of a share: ``0.5 to 7.1 %``."""
    return f"{percent(figure.low).removesuffix(' %')} to {percent(figure.high)}"


def cells(rate: Rate) -> tuple[str, str, str]:
    """Counts, value and interval."""
    return counts(rate), percent(rate.value), interval(rate)


def drawn(people: People) -> str:
    """How the bootstrap draws: ``2000 draws of 30 people, seed 0``."""
    number = people.named + people.nameless
    grouped = f" in {people.groups} groups made at random" if people.groups < number else ""
    alone = f" ({people.nameless} without a subject)" if people.nameless else ""
    return f"{people.draws} draws of {number} people{alone}{grouped}, seed {people.seed}"


def in_full(name: str, rate: Rate) -> str:
    """A rate in a sentence: ``BPCER 2.5 %, 95 % interval 0.5 to 7.1 %``."""
    return f"{name} {percent(rate.value)}, 95 % interval {interval(rate)}"


def threshold(point: OperatingPoint) -> str:
    """A threshold to six digits."""
    return f"{point.threshold:.6g}" if point.threshold <= 1 else "above 1 (nothing is accepted)"


def origin(point: OperatingPoint) -> str:
    """Where a threshold came from."""
    if point.split == "eval":
        return "set on the judged set itself"
    return "fixed beforehand" if point.split == "none" else f"set on {point.split}"


def listed(names: Sequence[str]) -> str:
    """The first of them, and how many others there are; the tables have them all."""
    rest = f" and {len(names) - SHOWN} others" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + rest


def unanswered(systems: Mapping[str, int]) -> str:
    """What is said where systems, by name, gave no response to so many presentations."""
    told = ", ".join(f"{name} {number}" for name, number in systems.items())
    return (
        f"Presentations without a response: {told}. They are in no rate of that system, so that "
        "one which refuses hard presentations looks better than it is."
    )


def rough(people: int) -> str:
    """What is said where so few people gave presentations of one class."""
    return f"Only {plural(people, 'subject')} gave presentations of one class: intervals are rough."


def plural(number: int, thing: str) -> str:
    """A number of things: ``1 presentation``, ``2 presentations``."""
    return f"{number} {thing}" + ("" if number == 1 else "s")
