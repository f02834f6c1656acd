"""A trained model judged on a protocol: score files and, where it has experts, what they did.

evaluation.json beside the scores says whose they are: tables of several systems go by it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from unmask.capture.crop import CROP_VERSION, one_version
from unmask.config import EvaluateConfig
from unmask.errors import ConfigError, DatasetError
from unmask.files import make_folder, sha256, write_text
from unmask.metrics.expert_counts import RoutingCounts
from unmask.metrics.routing import RoutingReport
from unmask.metrics.routing_files import write_routing
from unmask.metrics.scores import Scores, write_scores
from unmask.parsing import to_plain
from unmask.protocols import load_protocol
from unmask.training.checkpoint import Card, load
from unmask.training.origin import Origin, origin_of
from unmask.training.routing import watching
from unmask.training.scoring import Scorer
from unmask.types import Modality, Sample, subset_name

log = logging.getLogger("unmask")

Shown = tuple[Modality, ...]

NOTE = "evaluation.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Whose scores lie in a folder."""

    model: str
    """Family and variant."""
    settings: Mapping[str, Any]
    """Every field of the model's Config."""
    seed: int
    """Of the training."""
    weights_sha256: str
    protocol: str
    shown: str
    """Modalities that were not hidden, such as ``rgb+depth``."""
    scores_sha256: str
    """Of eval.csv."""
    frames: str = ""
    """Which frames of a video were judged (``datasets.videos.FRAMES``); "" where there are none, or
    the table names them."""
    dev_sha256: str = ""
    """Of dev.csv; "" in older notes, as all that follows."""
    trained: Origin | None = None
    """What the model came from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What one evaluation made."""

    dev: Path
    """Scores that set the threshold."""
    eval: Path
    """Scores that are judged."""
    oracle: bool = False
    """Whether both are of the judged set, as under protocols that publish such a threshold."""
    routing: RoutingReport | None = None
    """Which experts the routers chose for the judged set, also written as routing.json and, expert
    by expert, routing.parquet beside the scores; None for a model without experts."""


def evaluate(config: EvaluateConfig) -> Evaluated:
    """Score dev and eval; count on eval what routers choose."""
    model, card = load(config.checkpoint)
    shown = _shown(config.modalities, card.modalities)
    further = [_shown(_members(name), card.modalities) for name in config.routing_sets]
    if config.data.depth != card.preprocessing.depth:
        raise ConfigError(
            f"data.depth is {config.data.depth!r}, but the model was trained with "
            f"{card.preprocessing.depth!r}; give it such data, or train a model on yours"
        )
    protocol = load_protocol(config.data, shown, to_train=False)
    check_crops((*protocol.dev, *protocol.eval), card)
    scorer = Scorer(
        model=model,
        preprocessing=card.preprocessing,
        modalities=card.modalities,
        batch_size=config.batch_size,
        workers=config.data.workers,
    )
    make_folder(config.out)
    dev, judged = config.out / "dev.csv", config.out / "eval.csv"
    dev_scores = scorer.scores(protocol.dev, shown=shown, split="dev", title="scoring dev")
    scores, counts = _counted(scorer, protocol.eval, shown, further)
    write_scores(dev_scores, dev)
    write_scores(scores, judged)
    note = Note(
        model=card.model,
        settings=card.settings,
        seed=card.seed,
        weights_sha256=card.weights_sha256,
        protocol=config.data.protocol,
        shown=subset_name(shown),
        scores_sha256=sha256(judged),
        frames=", ".join(sorted({s.attributes.get("frames", "") for s in protocol.eval} - {""})),
        dev_sha256=sha256(dev),
        trained=origin_of(config.checkpoint, card),
    )
    write_text(config.out / NOTE, json.dumps(to_plain(note), indent=2) + "\n")
    oracle = protocol.threshold_from == "eval"
    if not counts.layers:
        return Evaluated(dev=dev, eval=judged, oracle=oracle)
    routing = counts.report(scores_sha256=note.scores_sha256)
    write_routing(routing, counts.table(), config.out)
    return Evaluated(dev=dev, eval=judged, oracle=oracle, routing=routing)


def read_note(folder: Path) -> Note:
    """Whose scores lie in the folder of an evaluation.

    Raises:
        DatasetError: evaluation.json is damaged, or a score file is not the one it is about.
    """
    path = folder / NOTE
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        entries = {"frames": "", "dev_sha256": "", "trained": None, **entries}  # of older notes
        if entries["trained"] is not None:
            entries["trained"] = Origin.from_plain(entries["trained"])
        note = Note(**{field.name: entries[field.name] for field in fields(Note)})
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(
            f"{path} is damaged ({type(error).__name__}: {error}); evaluate again"
        ) from error
    dev, scores = folder / "dev.csv", folder / "eval.csv"
    if not scores.is_file() or sha256(scores) != note.scores_sha256:
        raise DatasetError(f"{path} is about another {scores} than lies there; evaluate again")
    if note.dev_sha256 and dev.is_file() and sha256(dev) != note.dev_sha256:
        raise DatasetError(f"{path} is about another {dev} than lies there; evaluate again")
    return note


def check_crops(samples: Sequence[Sample], card: Card) -> None:
    """Refuse face crops of another rule than the model learned from; none stated is told of."""
    told = {sample.attributes.get("crop", "") for sample in samples}
    known = card.preprocessing.crop_version
    if told == {""}:
        if known != CROP_VERSION:
            log.warning(
                "the data do not say how faces were cut out; the model learned from crops of the "
                "rule %s",
                known,
            )
        return
    version = one_version(told)
    if version != known:
        raise DatasetError(
            f"the data have face crops of the rule {version}, and the model was trained on "
            f"{known}; prepare them with that rule"
        )


def _counted(
    scorer: Scorer, samples: Sequence[Sample], shown: Shown, further: Sequence[Shown]
) -> tuple[Scores, RoutingCounts]:
    """Scores of the judged set, and what routers chose then and with further sets of modalities."""
    counts = RoutingCounts(samples)
    watch = watching(counts, counts.join(samples, shown))
    scores = scorer.scores(samples, shown=shown, split="eval", title="scoring eval", watch=watch)
    others = [other for other in dict.fromkeys(further) if set(other) != set(shown)]
    if others and not counts.layers:
        raise ConfigError("routing_sets is given, but the model has no experts; leave it out")
    for other in others:
        watch = watching(counts, counts.join(samples, other, axes=("modalities",)))
        title = f"routing with {subset_name(other)}"
        scorer.scores(samples, shown=other, split="eval", title=title, watch=watch)
    return scores, counts


def _members(name: str) -> Shown:
    """The modalities of a set by its name, in the order of the enum."""
    parts = name.split("+")
    return tuple(modality for modality in Modality if modality in parts)


def _shown(asked: Shown, built: Shown) -> Shown:
    """The modalities to show the model: those asked for, or all it was built for."""
    strange = [str(modality) for modality in asked if modality not in built]
    if strange:
        raise ConfigError(
            f"the model knows no {' or '.join(strange)}; it was built for: {', '.join(built)}"
        )
    return asked or built
