"""What lies beside the judged scores and belongs to them: who made them, and what experts did.

``unmask evaluate`` leaves evaluation.json and routing.json with the hash of the scores they are
about. What is about other scores is left out with a warning, or refused where it was named.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from unmask.errors import DatasetError
from unmask.metrics.routing import RoutingReport
from unmask.metrics.routing_files import read_routing
from unmask.reporting.records import Origin

log = logging.getLogger("unmask")


def origin_of(judged: Path, scores_sha256: str) -> Origin | None:
    """Whose scores ``judged`` are; None where nothing says so."""
    path = judged.parent / "evaluation.json"
    if not path.is_file():
        return None
    try:
        note: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if note["scores_sha256"] != scores_sha256:
            log.warning("%s is about other scores and is left out", path)
            return None
        return Origin(
            model=str(note["model"]),
            weights_sha256=str(note["weights_sha256"]),
            seed=int(note["seed"]),
            protocol=str(note["protocol"]),
            shown=str(note["shown"]),
            frames=str(note.get("frames", "")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(
            f"{path} is damaged ({type(error).__name__}: {error}); evaluate again, or move it away"
        ) from error


def routing_of(named: Path | None, judged: Path, scores_sha256: str) -> RoutingReport | None:
    """What was named, or lies beside the judged scores and belongs to them."""
    path = named or judged.parent / "routing.json"
    if named is None and not path.is_file():
        return None
    routing = read_routing(path)
    if routing.scores_sha256 == scores_sha256:
        return routing
    if named is None:
        log.warning("%s was counted with other scores and is left out", path)
        return None
    raise DatasetError(
        f"{path} was counted while other scores than {judged} were made; give the files of "
        "one evaluation"
    )
