"""Scores of frames in; for every rule its errors and how many frames it takes out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from unmask.config import DecideConfig
from unmask.errors import ConfigError, DatasetError
from unmask.files import sha256
from unmask.metrics import rates
from unmask.metrics.decisions import Decision, FrameRule, frame_rule
from unmask.metrics.rates import Rate
from unmask.metrics.scores import Scores, check_classes, check_disjoint, read_scores
from unmask.metrics.thresholds import Rule, operating_point
from unmask.metrics.videos import Videos, videos
from unmask.reporting.decisions import Decided, Latency, LeftOut, Ruled, VideoSet, write


def decide(config: DecideConfig) -> Decided:
    """Judge every rule that dev allows; writes the page to ``config.out``, where that is given.

    Raises:
        ConfigError: an unknown rule, or dev and eval are one file.
        DatasetError: a score file has a fault, a presentation is in both, or no rule is left.
    """
    Rule.parse(config.rule)
    dev_hash, eval_hash = _hashes(config)
    dev_frames, eval_frames = read_scores(config.dev), read_scores(config.eval)
    check_disjoint(dev_frames, eval_frames)
    dev, judged = (videos(scores, config.order) for scores in (dev_frames, eval_frames))
    found, left = _rules(config.decisions, dev)
    made = Decided(
        title=config.title,
        note=config.note,
        rule=config.rule,
        dev=_video_set(dev, dev_hash),
        evaluation=_video_set(judged, eval_hash),
        datasets=tuple(eval_frames.values("dataset")),
        rules=tuple(_ruled(text, rule, dev, judged, config.rule) for text, rule in found.items()),
        left_out=left,
    )
    if config.out is not None:
        write(made, config.out)
    return made


def _hashes(config: DecideConfig) -> tuple[str, str]:
    """Of both files, which must differ."""
    for path in (config.dev, config.eval):
        if not path.is_file():
            raise ConfigError(f"there is no score file {path}; check the path")
    hashes = sha256(config.dev), sha256(config.eval)
    if hashes[0] == hashes[1]:
        raise ConfigError(
            f"dev {config.dev} and eval {config.eval} hold the same scores; what sets the "
            "threshold must not be judged: give another dev file"
        )
    return hashes


def _rules(names: Sequence[str], dev: Videos) -> tuple[dict[str, FrameRule], tuple[LeftOut, ...]]:
    """Rules by name, and those that cannot be made of dev, with the reason."""
    found: dict[str, FrameRule] = {}
    left = []
    for name in names:
        try:
            found[name] = frame_rule(name, dev)
        except DatasetError as error:
            left.append(LeftOut(name=name, reason=str(error)))
    if not found:
        raise DatasetError(left[0].reason)
    return found, tuple(left)


def _ruled(text: str, rule: FrameRule, dev: Videos, judged: Videos, target: str) -> Ruled:
    """One rule: its threshold from dev, its errors and latency on the judged set."""
    point = operating_point(_scored(rule, dev), target)
    scores = _scored(rule, judged)
    check_classes(scores)
    decided = [rule.decide(frames, point.threshold) for frames in judged.frames]
    is_bona_fide = (scores.table["label"] == "bona_fide").to_list()
    made = [d for d in decided if d is not None]
    return Ruled(
        name=text,
        point=point,
        bpcer=rates.bpcer(scores, point.threshold),
        apcer=rates.apcer(scores, point.threshold),
        worst=rates.apcer_worst(scores, point.threshold)[0],
        bona_fide=_latency([d for d, own in zip(decided, is_bona_fide, strict=True) if own]),
        attacks=_latency([d for d, own in zip(decided, is_bona_fide, strict=True) if not own]),
        ran_out=Rate(sum(d.ran_out for d in made), len(made)),
        silent=len(decided) - len(made),
    )


def _scored(rule: FrameRule, given: Videos) -> Scores:
    return given.with_score([rule.score(frames) for frames in given.frames])


def _latency(decided: Sequence[Decision | None]) -> Latency:
    frames = np.array([d.frames for d in decided if d is not None])
    return Latency(
        mean=float(frames.mean()),
        median=float(np.median(frames)),
        most=int(np.quantile(frames, 0.95, method="inverted_cdf")),
    )


def _video_set(given: Videos, digest: str) -> VideoSet:
    lengths = np.array([frames.size for frames in given.frames])
    return VideoSet(
        source=given.source,
        sha256=digest,
        presentations=lengths.size,
        frames=int(lengths.sum()),
        shortest=int(lengths.min()),
        median=float(np.median(lengths)),
        longest=int(lengths.max()),
        order=given.order,
    )
