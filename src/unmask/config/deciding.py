"""The settings of ``unmask decide``: from the scores of frames to a decision about a video."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from unmask.errors import ConfigError

DECISIONS = ("first", "mean", "median", "3-of-5", "sequential=5%")


@dataclass(frozen=True, kw_only=True)
class DecideConfig:
    """Settings of ``unmask decide``: rules for videos, their errors and their latency in frames."""

    dev: Path
    """Scores of frames that set the threshold of each rule and, for sequential, its likelihoods."""
    eval: Path
    """Scores of frames that are judged."""
    out: Path | None = None
    """Folder for decisions.html, .md and .json, if any."""
    decisions: tuple[str, ...] = DECISIONS
    """first, mean, median (of all frames, or mean-of-5 of the first five), 3-of-5 (any counts), and
    sequential=5%: a frame at a time, with Wald's bounds for so large an error of either kind."""
    rule: str = "eer"
    """How dev sets each threshold, such as eer, bpcer<=1% or apcer<=5%."""
    order: str = ""
    """Column that puts frames in order, a number in each row; none named: frame, else time, where
    there is one, else the numbers in the key."""
    title: str = "Decisions about videos"
    """Heading of the page."""
    note: str = ""
    """One paragraph under the heading, such as where the data came from."""

    def __post_init__(self) -> None:
        if not self.decisions or len(set(self.decisions)) < len(self.decisions):
            raise ConfigError(
                f"decisions are {', '.join(self.decisions) or 'none'}; name at least one, each once"
            )
