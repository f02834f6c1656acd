"""Judge published figures of CASIA-SURF from the errors behind them: the tables of judging.md.

``python docs/published_counts.py`` prints them. Rates are printed with two decimals, of 1,791
attacks and 600 bona fide videos; a tilde marks a rate that no whole number of errors makes, with
the nearest number in its place.
"""

import sys

from scipy.stats import fisher_exact

from unmask.metrics.rates import Rate
from unmask.reporting.published import read_published
from unmask.reporting.wording import counts, interval

TRIALS = {"apcer_pooled": 1791, "bpcer": 600}
OURS = "FMM-RPL"

Rates = dict[tuple[str, str, str], tuple[str, Rate]]


def read() -> Rates:
    """By modalities shown, system and metric: a tilde or nothing, and the counts."""
    found: Rates = {}
    for row in read_published():
        if row.benchmark == "casia_surf/p1" and row.metric in TRIALS:
            trials = TRIALS[row.metric]
            rate = Rate(round(row.value / 100 * trials), trials)
            mark = "" if f"{100 * rate.value:.2f}" == f"{row.value:.2f}" else "~ "
            found[row.shown, row.system, row.metric] = (mark, rate)
    return found


def tables(found: Rates) -> str:
    """Rates of every system, then whether those of FMM-RPL differ from them."""
    lines = [
        "| shown | system | accepted / n | pooled APCER | rejected / n | BPCER |",
        "|---|---|---:|---:|---:|---:|",
    ]
    systems = dict.fromkeys((shown, system) for shown, system, _ in found)
    for shown, system in systems:
        cells = [shown, system]
        for metric in TRIALS:
            mark, rate = found[shown, system, metric]
            cells += [mark + counts(rate), f"{100 * rate.value:.2f} % ({interval(rate)})"]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", f"| shown | {OURS} against | its pooled APCER is | its BPCER is |"]
    lines += ["|---|---|---|---|"]
    for shown, system in systems:
        if system != OURS:
            told = [compared(found[shown, OURS, m][1], found[shown, system, m][1]) for m in TRIALS]
            lines.append(f"| {shown} | {system} | {' | '.join(told)} |")
    return "\n".join(lines)


def compared(ours: Rate, theirs: Rate) -> str:
    """Lower or higher, if Fisher's exact test says that it is more than chance."""
    table = [[rate.errors, rate.trials - rate.errors] for rate in (ours, theirs)]
    p = fisher_exact(table).pvalue
    if p >= 0.05:
        return f"not told apart (p = {p:.2f})"
    order = "lower" if ours.value < theirs.value else "higher"
    return f"{order} (p {'< 0.001' if p < 0.001 else f'= {p:.3f}'})"


if __name__ == "__main__":
    sys.stdout.write(tables(read()) + "\n")
