"""A comparison in words and tables: what may be said of the order, then all figures, then pairs."""

from __future__ import annotations

from collections.abc import Sequence

from unmask.metrics.bootstrap import Difference
from unmask.reporting.blocks import Block, Caution, Document, Section, Table
from unmask.reporting.comparison import Comparison
from unmask.reporting.document import SIMULATION
from unmask.reporting.wording import (
    FEW_PEOPLE,
    counts,
    interval,
    percent,
    plural,
    rough,
    threshold,
    unanswered,
)
from unmask.types import SIMULATED

MEANING = {
    "acer": "ACER (mean of worst APCER and BPCER, not ISO)",
    "hter": "HTER (mean of pooled APCER and BPCER, not ISO)",
    "auc": "AUC (all attacks pooled, no threshold, not ISO)",
}


def document(made: Comparison) -> Document:
    """Say what a comparison holds."""
    return Document(
        title=f"{len(made.systems)} systems on the same {made.presentations} presentations",
        warning="",
        note="",
        sections=(
            Section(heading="Result", blocks=(*_statement(made), *_cautions(made), ranking(made))),
            Section(heading="Figures", blocks=(figures(made),)),
            Section(heading="Every pair", blocks=(pairs(made),)),
            Section(heading="How systems were compared", blocks=_method(made)),
        ),
    )


def _statement(made: Comparison) -> tuple[Block, ...]:
    """What the presentations decide, and what they do not, in sentences."""
    ranked = made.ranking
    order = ", ".join(
        f"{s.rank}. {s.name} ({_figure(s.figure.value, ranked.by)})" for s in ranked.standings
    )
    decided = [pair for pair in ranked.pairs if pair.difference.is_clear]
    told = f"{len(decided)} of {plural(len(ranked.pairs), 'pair')} can be told apart"
    sentences = [f"By {ranked.by.upper()}: {order}.", f"At {_level(made)}, {told}."]
    best = ranked.standings[0].name
    against = [pair for pair in ranked.pairs if pair.better == best]
    behind = [pair.worse for pair in against if pair.difference.is_clear]
    equal = [pair.worse for pair in against if not pair.difference.value]
    level = [pair.worse for pair in against if pair.worse not in behind + equal]
    if behind:
        sentences.append(f"{best} is better than {_listed(behind)}.")
    if level:
        sentences.append(
            f"That {best} is better than {_listed(level)} is not shown: the difference may be that "
            "of the people who were judged."
        )
    if equal:
        sentences.append(f"{best} has the same {ranked.by.upper()} as {_listed(equal)}.")
    groups = [_listed(group) for group in ranked.groups]
    if groups and len(ranked.standings) > 2:
        sentences.append(f"Not told apart among themselves: {'; '.join(groups)}.")
    return (" ".join(sentences),)


def _cautions(made: Comparison) -> list[Caution]:
    found = []
    if SIMULATED in made.datasets:
        found.append(SIMULATION)
    silent = {system.name: system.silent for system in made.systems if system.silent}
    if silent:
        found.append(unanswered(silent))
    if made.fewest_people < FEW_PEOPLE:
        found.append(rough(made.fewest_people))
    if made.nameless:
        found.append(
            f"{made.nameless} of {made.presentations} presentations name no subject and count as "
            "people of their own; if some are of one person, intervals are too narrow."
        )
    return [Caution(text=text) for text in found]


def ranking(made: Comparison) -> Table:
    """Places with their intervals; the best system, and whoever may be as good, is stressed."""
    rows = tuple(
        (
            s.name,
            str(s.rank),
            str(s.rank) if s.best_rank == s.worst_rank else f"{s.best_rank} to {s.worst_rank}",
            _figure(s.figure.value, made.ranking.by),
            _span(s.figure, made.ranking.by),
        )
        for s in made.ranking.standings
    )
    share = f"{100 * made.ranking.confidence:g} % interval"
    header = ("System", "Rank", "Rank may be", made.ranking.by.upper(), share)
    strong = frozenset(i for i, s in enumerate(made.ranking.standings) if s.best_rank == 1)
    return Table(header=header, rows=rows, strong=strong)


def figures(made: Comparison) -> Table:
    """Rates of all systems, with exact intervals of those that have counts."""
    header = (
        *("System", "Worst species", "Worst APCER", "Accepted / n", "95 % interval"),
        *("BPCER", "Rejected / n", "95 % interval", "ACER", "HTER", "EER", "AUC", "Threshold"),
    )
    rows = tuple(
        (
            *(s.name, s.worst, percent(s.apcer.value), counts(s.apcer), interval(s.apcer)),
            *(percent(s.bpcer.value), counts(s.bpcer), interval(s.bpcer)),
            *(percent(s.acer), percent(s.hter), percent(s.eer), f"{s.auc:.4f}"),
            threshold(s.point),
        )
        for s in made.systems
    )
    return Table(header=header, rows=rows, text_columns=2)


def pairs(made: Comparison) -> Table:
    """All differences; those that are clear are stressed."""
    rows = tuple(
        (
            pair.better,
            pair.worse,
            f"{100 * pair.difference.value:+.2f}",
            f"{100 * pair.difference.low:+.2f} to {100 * pair.difference.high:+.2f}",
            "yes" if pair.difference.is_clear else "no",
        )
        for pair in made.ranking.pairs
    )
    by = made.ranking.by.upper()
    header = ("System", "Compared with", f"{by}, points", "Interval of all pairs", "Told apart")
    strong = frozenset(i for i, pair in enumerate(made.ranking.pairs) if pair.difference.is_clear)
    return Table(header=header, rows=rows, text_columns=2, strong=strong)


def _method(made: Comparison) -> tuple[Block, ...]:
    ranked = made.ranking
    sources = Table(
        header=("System", "Judged scores", "SHA-256"),
        rows=tuple((s.name, s.source, s.sha256 or "-") for s in made.systems),
        text_columns=3,
    )
    return (
        f"Dev sets the threshold of each system by the rule {made.rule}; eval is judged. Accept is "
        "score >= threshold. The unit is the presentation, whose score is the mean of its frames. "
        f"Systems are ranked by {MEANING[ranked.by]}.",
        f"Intervals of that figure and of differences are from a paired bootstrap: {ranked.draws} "
        f"draws of {made.people} people with all that they present, the same for every system. A "
        f"difference counts where it exceeds {ranked.stretch:.2f} of its standard deviations, "
        f"which is wide enough for all {len(ranked.pairs)} at once. Intervals of APCER and BPCER "
        "are exact ones of single systems, and treat presentations as independent.",
        "All of this is about other people before the same cameras with the same attacks. "
        "Thresholds stay as they are: another dev set, training or species is not in the "
        "intervals. That two systems are not told apart does not show that they are equal.",
        sources,
    )


def _level(made: Comparison) -> str:
    return f"{100 * made.ranking.confidence:g} % confidence for all pairs together"


def _figure(value: float, by: str) -> str:
    return f"{value:.4f}" if by == "auc" else percent(value)


def _span(figure: Difference, by: str) -> str:
    return f"{_figure(figure.low, by).removesuffix(' %')} to {_figure(figure.high, by)}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
