"""All checks, in their order: names first, then sets and fields, then what the pictures show."""

from __future__ import annotations

from collections.abc import Callable

from unmask.checkup import duplicates, files, pictures, sets, shortcuts
from unmask.checkup.findings import Checkup, Examined, Finding, headline
from unmask.checkup.lists import examine_lists
from unmask.checkup.rows import Rows, read_rows
from unmask.checkup.views import Views, look
from unmask.config import DoctorConfig

STRUCTURE: tuple[Callable[[Rows], list[Finding]], ...] = (
    files.missing_files,
    files.repeated_paths,
    files.misplaced_names,
    files.frame_numbers,
    files.frames_disagree,
    sets.shared_files,
    sets.shared_presentations,
    sets.shared_subjects,
    sets.classes,
    sets.absent_species,
    sets.rare_species,
    shortcuts.telling_fields,
)
PICTURES: tuple[Callable[[Views], list[Finding]], ...] = (
    pictures.unreadable,
    pictures.bit_depth,
    pictures.swapped,
    pictures.copied,
    pictures.colourless,
    pictures.sizes_differ,
    pictures.constant,
    pictures.saturated,
    pictures.depth_unit,
    pictures.infrared_scale,
    pictures.dark_infrared,
    duplicates.equal_pictures,
    duplicates.alike_pictures,
)


def examine(config: DoctorConfig) -> Checkup:
    """Everything that is wrong with a data set, or with published lists of one.

    Raises:
        ConfigError: a setting names nothing that there is.
        DatasetError: there is no table to look at, or it is no such table.
    """
    if config.layout:
        return examine_lists(config.root, config.layout, tuple(config.files.split(",")))
    rows = read_rows(config)
    checks = [Examined(check=headline(c), findings=tuple(c(rows))) for c in STRUCTURE]
    told = "none"
    if config.images != "none":
        views = look(rows, config)
        told = views.told
        checks += [Examined(check=headline(c), findings=tuple(c(views))) for c in PICTURES]
    return Checkup(
        source=rows.source,
        rows=rows.frame.height,
        pictures=told,
        counts=sets.counts(rows),
        checks=tuple(checks),
    )
