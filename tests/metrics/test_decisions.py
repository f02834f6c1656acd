"""Rules for videos against naive loops that look at one frame after the other."""

import math
from collections.abc import Iterator

import numpy as np
import pytest

from unmask.errors import ConfigError, DatasetError
from unmask.metrics.decisions import Count, Decision, Sequential, Window, frame_rule, slope_of
from unmask.metrics.scores import Scores
from unmask.metrics.thresholds import operating_point
from unmask.metrics.videos import Floats, Videos, videos

RULES = ("first", "mean", "median", "mean-of-3", "median-of-4", "2-of-3", "3-of-5", "4-of-4")
SEQUENTIAL = Sequential(error=0.05, slope=0.8)


def random_videos(number: int = 300) -> Iterator[Floats]:
    """Of 1 to 9 frames, with ties, missing responses, and the ends of the scale."""
    rng = np.random.default_rng(0)
    for _ in range(number):
        frames = rng.uniform(0, 1, rng.integers(1, 10))
        if rng.random() < 0.5:
            frames = np.round(frames, 1)
        frames[rng.random(frames.size) < 0.2] = np.nan
        yield frames


def dev(shift: float = 1.5) -> Videos:
    """Twenty videos of either class, whose logits are apart by ``shift``."""
    rng = np.random.default_rng(1)
    keys, values, labels, species = [], [], [], []
    for n in range(40):
        for t in range(int(rng.integers(2, 7))):
            keys.append(f"p{n}-{t}")
            values.append(1 / (1 + math.exp(-rng.normal(shift if n < 20 else 0))))
            labels.append("bona_fide" if n < 20 else "attack")
            species.append("" if n < 20 else "print" if n < 35 else "mask")
    columns = {"key": keys, "presentation": [k.split("-")[0] for k in keys], "score": values}
    return videos(Scores.from_columns({**columns, "label": labels, "pai_species": species}))


def naive(text: str, frames: Floats, threshold: float) -> tuple[bool, int] | None:
    """Look at frames until nothing that may still come could change the answer."""
    total = len(frames)
    if all(math.isnan(score) for score in frames):
        return None
    for t in range(1, total + 1):
        answered = [score for score in frames[:t] if not math.isnan(score)]
        if text == "first" and answered:
            return answered[0] >= threshold, t
        kind, _, most = text.partition("-of-")
        if kind in {"mean", "median"} and most and len(answered) == int(most):
            return getattr(np, kind)(answered) >= threshold, t
        if most and kind.isdigit():
            yes = sum(score >= threshold for score in answered)
            if yes >= int(kind) or len(answered) - yes > int(most) - int(kind):
                return yes >= int(kind), t
    if most and kind.isdigit():
        return False, total
    return getattr(np, "median" if "median" in text else "mean")(answered) >= threshold, total


def naive_walk(frames: Floats, threshold: float, rule: Sequential) -> tuple[bool, int, bool]:
    """Wald's test as it is told in words: accepted, frames, ran out."""
    bound = math.log((1 - rule.error) / rule.error)
    total = 0.0
    for place, score in enumerate(frames, start=1):
        if not math.isnan(score):
            inside = min(max(score, 1e-6), 1 - 1e-6)
            apart = math.log(inside / (1 - inside)) - math.log(threshold / (1 - threshold))
            total += min(max(rule.slope * apart, -bound / 2), bound / 2)
        if total >= bound:
            return True, place, False
        if total < -bound:
            return False, place, False
    return total >= 0, len(frames), True


@pytest.mark.parametrize("text", RULES)
def test_a_rule_decides_as_and_when_a_naive_loop_does(text: str) -> None:
    rule = frame_rule(text)
    for frames in random_videos():
        for threshold in (0.25, 0.5, 0.7, 0.95):
            decision = rule.decide(frames, threshold)
            told = None if decision is None else (decision.accepted, decision.frames)
            assert told == naive(text, frames, threshold), frames


def test_the_sequential_test_walks_as_a_naive_loop_does() -> None:
    ends = set()
    for frames in random_videos():
        for threshold in (0.1, 0.5, 0.8):
            decision = SEQUENTIAL.decide(frames, threshold)
            if decision is None:
                assert np.isnan(frames).all()
                continue
            found = decision.accepted, decision.frames, decision.ran_out
            assert found == naive_walk(frames, threshold, SEQUENTIAL)
            ends.add((decision.accepted, decision.ran_out))
    assert len(ends) == 4, "every end was met: both bounds, and both signs after the last frame"


@pytest.mark.parametrize("rule", [*map(frame_rule, RULES), SEQUENTIAL], ids=str)
def test_a_presentation_is_accepted_exactly_where_its_score_reaches_the_threshold(rule) -> None:
    for frames in random_videos(100):
        score = rule.score(frames)
        if math.isnan(score):
            assert np.isnan(frames).all()
            continue
        assert 0 <= score <= 1
        for threshold in (score - 1e-9, score + 1e-9, 0.05, 0.33, 0.5, 0.77, 1.01):
            if threshold > 0:
                assert rule.decide(frames, threshold).accepted == (score >= threshold)


@pytest.mark.parametrize("rule", [*map(frame_rule, RULES), SEQUENTIAL], ids=str)
def test_a_decision_stands_whatever_frames_follow(rule) -> None:
    """Told frame by frame, as a camera does: the first answer is the answer of the whole video."""
    for frames in random_videos(100):
        whole = rule.decide(frames, 0.5)
        running = [rule.decide(frames[:t], 0.5, ended=False) for t in range(1, frames.size + 1)]
        first = next((d for d in running if d is not None), None)
        if first is not None:
            assert first == whole
        elif whole is not None:
            assert whole.frames == frames.size, "nothing was certain before the video ended"


def test_no_single_frame_decides_a_sequential_test() -> None:
    assert SEQUENTIAL.decide(np.array([1.0]), 0.5, ended=False) is None
    assert SEQUENTIAL.decide(np.array([1.0, 1.0]), 0.5, ended=False) == Decision(
        accepted=True, frames=2
    )
    assert SEQUENTIAL.decide(np.array([0.0, 1.0, 0.0, 1.0]), 0.5, ended=False) is None


def test_a_smaller_error_never_decides_sooner() -> None:
    patient = Sequential(error=0.001, slope=0.8)
    for frames in random_videos():
        quick, slow = SEQUENTIAL.decide(frames, 0.5), patient.decide(frames, 0.5)
        if quick is not None and slow is not None:
            assert quick.frames <= slow.frames


def test_the_slope_is_that_of_the_logits_it_was_drawn_from() -> None:
    """Two normal distributions of variance 1 that are ``d`` apart have a ratio of slope ``d``."""
    rng = np.random.default_rng(2)
    logits = np.concatenate([rng.normal(0.6, 1, 4000), rng.normal(-0.6, 1, 4000)])
    given = Scores.from_columns(
        {
            "key": [str(n) for n in range(8000)],
            "presentation": [str(n) for n in range(8000)],
            "score": 1 / (1 + np.exp(-logits)),
            "label": ["bona_fide"] * 4000 + ["attack"] * 4000,
            "pai_species": [""] * 4000 + ["print"] * 1000 + ["mask"] * 3000,
        }
    )
    assert slope_of(videos(given)) == pytest.approx(1.2, rel=0.05)


def test_frames_of_a_long_video_weigh_no_more_than_those_of_a_short_one() -> None:
    given = dev()
    longer = Videos(
        table=given.table,
        frames=(np.tile(given.frames[0], 50), *given.frames[1:]),
        order=given.order,
        source=given.source,
    )
    assert slope_of(longer) == pytest.approx(slope_of(given), rel=1e-3)


def test_a_threshold_from_dev_keeps_its_promise_under_every_rule() -> None:
    given = dev()
    for text in (*RULES, "sequential=5%", "sequential=20%"):
        rule = frame_rule(text, given)
        scores = given.with_score([rule.score(frames) for frames in given.frames])
        point = operating_point(scores, "apcer<=10%")
        decided = [rule.decide(frames, point.threshold) for frames in given.frames]
        for species in ("print", "mask"):
            mine = [
                d.accepted
                for d, of in zip(decided, given.table["pai_species"], strict=True)
                if of == species and d is not None
            ]
            assert sum(mine) <= 0.1 * len(mine)


def test_rules_are_read_as_they_are_written() -> None:
    assert frame_rule("first") == Window(kind="mean", most=1)
    assert frame_rule("median") == Window(kind="median")
    assert frame_rule("3-of-5") == Count(needed=3, most=5)
    sequential = frame_rule("sequential=2.5%", dev())
    assert isinstance(sequential, Sequential)
    assert sequential.error == pytest.approx(0.025)


@pytest.mark.parametrize(
    "text", ["max", "mean-of-0", "6-of-5", "0-of-3", "sequential", "sequential=50%", "mean of 3"]
)
def test_a_rule_that_there_is_not_is_one_clear_error(text: str) -> None:
    with pytest.raises(ConfigError, match=r"no decision rule .* allowed are: first, mean"):
        frame_rule(text, dev())


def test_a_sequential_test_needs_dev_scores_that_tell_the_classes_apart() -> None:
    with pytest.raises(ConfigError, match="learns from dev scores"):
        frame_rule("sequential=1%")
    with pytest.raises(DatasetError, match="check the polarity"):
        frame_rule("sequential=1%", dev(shift=-1.5))


def test_with_independent_frames_it_keeps_walds_errors_and_saves_frames() -> None:
    """Logits N(+-d/2, 1) have the exact slope d; fixed videos need more frames for that error."""
    rng = np.random.default_rng(3)
    apart, number, length = 0.8, 1500, 60
    rule = Sequential(error=0.05, slope=apart)
    for sign in (1, -1):
        videos_ = 1 / (1 + np.exp(-rng.normal(sign * apart / 2, 1, (number, length))))
        decided = [rule.decide(frames, 0.5) for frames in videos_]
        wrong = np.mean([d.accepted != (sign > 0) for d in decided])
        assert wrong <= 0.05, "Wald's inequality; overshoot and limited ratios make it less"
        frames = np.mean([d.frames for d in decided])
        needed = (1.645 / (apart / 2)) ** 2  # the mean of so many logits errs in 5 % of videos
        assert frames < 0.75 * needed
